//! Reads the arrays that `data.py` writes.

use std::fs::File;
use std::io::{self, BufReader, Error, Read};
use std::path::PathBuf;

use logit::Real;
use nalgebra::DMatrix;

/// The folder of the data: the environment variable `PEERS_DATA`, or `target/peers`.
pub fn folder() -> PathBuf {
    std::env::var_os("PEERS_DATA").map_or_else(|| PathBuf::from("target/peers"), PathBuf::from)
}

/// Opens an array and returns its header and what follows.
fn open(name: &str) -> io::Result<(String, BufReader<File>)> {
    let mut file = BufReader::with_capacity(1 << 16, File::open(folder().join(format!("{name}.npy")))?);
    let mut start = [0; 10];
    file.read_exact(&mut start)?;
    let mut header = vec![0; usize::from(u16::from_le_bytes([start[8], start[9]]))];
    file.read_exact(&mut header)?;
    Ok((String::from_utf8_lossy(&header).into_owned(), file))
}

/// The sizes in a header, as in `'shape': (3, 2), `.
fn shape(header: &str) -> Vec<usize> {
    let inside = header.split(['(', ')']).nth(1).unwrap_or_default();
    inside.split(',').filter_map(|size| size.trim().parse().ok()).collect()
}

/// Reads a matrix in column-major order, of either number type, without a second copy in memory.
pub fn matrix<T: Real>(name: &str) -> io::Result<DMatrix<T>> {
    let (header, mut file) = open(name)?;
    let sizes = shape(&header);
    let ([rows, columns], true) = (&sizes[..], header.contains("'fortran_order': True")) else {
        return Err(Error::other(format!("{name} is not a matrix in column-major order: {header}")));
    };
    let double = header.contains("<f8");
    let mut number = || -> io::Result<T> {
        let mut bytes = [0; 8];
        file.read_exact(&mut bytes[..if double { 8 } else { 4 }])?;
        let [a, b, c, d, ..] = bytes;
        Ok(T::of(if double { f64::from_le_bytes(bytes) } else { f32::from_le_bytes([a, b, c, d]).into() }))
    };
    let mut numbers = Vec::with_capacity(rows * columns);
    for _ in 0..rows * columns {
        numbers.push(number()?);
    }
    Ok(DMatrix::from_vec(*rows, *columns, numbers))
}

/// Reads labels.
pub fn labels(name: &str) -> io::Result<Vec<usize>> {
    let (_, mut file) = open(name)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes.into_iter().map(usize::from).collect())
}
