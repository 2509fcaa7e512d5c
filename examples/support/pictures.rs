//! Saves the pictures of examples in `target/pictures`.

use std::error::Error;
use std::path::Path;

use logit::plot::Figure;

/// Saves a picture under this name and prints its path.
pub(crate) fn save(figure: &Figure, name: &str) -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/pictures");
    std::fs::create_dir_all(&folder)?;
    let path = folder.join(name);
    figure.save(&path)?;
    println!("{}", path.display());
    Ok(())
}
