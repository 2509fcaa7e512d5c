//! Writes problems as files, so that other systems solve the same matrices.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::problems::{Data, Problem};

/// Writes `x`, `y` and the weights of a problem to files of NumPy that start with `name` in `folder`.
pub fn write(folder: &Path, name: &str, data: &Data) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let (rows, columns) = data.x.shape();
    array(folder, &format!("{name}_x"), "<f8", &format!("({rows}, {columns})"), data.x.iter().map(bytes))?;
    let y = data.y.iter().map(|&class| (class as i64).to_le_bytes());
    array(folder, &format!("{name}_y"), "<i8", &format!("({rows},)"), y)?;
    if let Some(weights) = &data.weights {
        array(folder, &format!("{name}_weights"), "<f8", &format!("({rows},)"), weights.iter().map(bytes))?;
    }
    Ok(())
}

fn bytes(number: &f64) -> [u8; 8] {
    number.to_le_bytes()
}

/// Writes numbers, column by column, in version 1 of NumPy's format.
fn array(
    folder: &Path,
    name: &str,
    kind: &str,
    shape: &str,
    numbers: impl Iterator<Item = [u8; 8]>,
) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(folder.join(format!("{name}.npy")))?);
    let mut header = format!("{{'descr': '{kind}', 'fortran_order': True, 'shape': {shape}, }}");
    // The numbers start at a multiple of 64 bytes; the header ends with a line break.
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    file.write_all(b"\x93NUMPY\x01\x00")?;
    file.write_all(&(header.len() as u16).to_le_bytes())?;
    file.write_all(header.as_bytes())?;
    for number in numbers {
        file.write_all(&number)?;
    }
    file.flush()
}

/// The name of a problem as part of a file name.
pub fn stem(problem: &Problem) -> String {
    let letters: String =
        problem.name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' }).collect();
    letters.split_whitespace().collect::<Vec<_>>().join("_")
}
