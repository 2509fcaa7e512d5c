//! Handwritten digits from files of the IDX format, in which MNIST is distributed, packed with gzip or not.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use logit::nalgebra::DMatrix;

type Failure = Box<dyn std::error::Error>;

pub(crate) struct Digits {
    /// Rows x pixels, from 0 to 1.
    pub(crate) x: DMatrix<f32>,
    pub(crate) y: Vec<usize>,
}

/// The first `rows` digits of `part`: "train" or "t10k".
pub(crate) fn digits(folder: &Path, part: &str, rows: usize) -> Result<Digits, Failure> {
    let (size, pixels) = values(folder, &format!("{part}-images-idx3-ubyte"))?;
    let (_, labels) = values(folder, &format!("{part}-labels-idx1-ubyte"))?;
    let width: usize = size[1..].iter().product();
    if size[0] != labels.len() || rows > labels.len() {
        let found = (size[0], labels.len());
        return Err(format!("{part}: {found:?} images and labels, {rows} wanted").into());
    }
    let x = DMatrix::from_row_iterator(rows, width, pixels.into_iter().map(|pixel| f32::from(pixel) / 255.0));
    Ok(Digits { x, y: labels[..rows].iter().map(|&label| usize::from(label)).collect() })
}

/// The sizes and the bytes of a file: two zeros, 8 for bytes, how many sizes, the sizes as big-endian 32 bits, the bytes.
fn values(folder: &Path, name: &str) -> Result<(Vec<usize>, Vec<u8>), Failure> {
    let (plain, packed) = (folder.join(name), folder.join(format!("{name}.gz")));
    let path = if plain.exists() { plain } else { packed };
    let in_file = |what: &dyn std::fmt::Display| format!("{}: {what}", path.display());
    let file = File::open(&path).map_err(|error| in_file(&error))?;
    let mut bytes = Vec::new();
    let read = match path.extension() {
        Some(_) => GzDecoder::new(file).read_to_end(&mut bytes),
        None => (&file).read_to_end(&mut bytes),
    };
    read.map_err(|error| in_file(&error))?;

    let Some(([0, 0, 8, sizes], rest)) = bytes.split_first_chunk() else {
        return Err(in_file(&"no IDX file of bytes").into());
    };
    let Some((sizes, values)) = rest.split_at_checked(4 * usize::from(*sizes)) else {
        return Err(in_file(&"ends within its sizes").into());
    };
    let big_endian = |size: &[u8]| size.iter().fold(0, |number, &byte| 256 * number + usize::from(byte));
    let sizes: Vec<usize> = sizes.chunks_exact(4).map(big_endian).collect();
    match sizes.iter().try_fold(1, |count: usize, &size| count.checked_mul(size)) {
        Some(count) if count == values.len() && count > 0 => Ok((sizes, values.to_vec())),
        _ => Err(in_file(&format!("sizes {sizes:?}, but {} bytes", values.len())).into()),
    }
}
