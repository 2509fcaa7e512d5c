//! Reads the digits of MNIST from its files, compressed with gzip or not, also without the feature `gzip`.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use logit::data::{Dataset, IdxArray, IdxReader};

type Failure = Box<dyn std::error::Error>;

pub(crate) type Digits = Dataset<u8, f32>;

/// Returns the first `rows` digits of `part`, "train" or "t10k", with pixels from 0 to 1.
pub(crate) fn digits(folder: &Path, part: &str, rows: usize) -> Result<Digits, Failure> {
    let images = array(folder, &format!("{part}-images-idx3-ubyte"), rows)?;
    let labels = array(folder, &format!("{part}-labels-idx1-ubyte"), rows)?;
    Ok(Dataset::new(images.matrix() / 255.0, labels.labels()?)?)
}

fn array(folder: &Path, name: &str, rows: usize) -> Result<IdxArray, Failure> {
    let (plain, packed) = (folder.join(name), folder.join(format!("{name}.gz")));
    let source: Box<dyn Read> = if plain.exists() {
        Box::new(File::open(plain)?)
    } else {
        let missing = |error| {
            format!("{}: {error}; pass the folder that contains MNIST as an argument", packed.display())
        };
        Box::new(GzDecoder::new(File::open(&packed).map_err(missing)?))
    };
    Ok(IdxReader::new().rows(rows).read_from(source)?)
}
