//! Decimal numbers packed as integers of one to four bytes.
//!
//! A value with k decimals is stored as the integer 10^k times the value. An integer below 2^53 and 10^k are
//! exact in f64, so their quotient is rounded once, to the number that the decimal text denotes. Each byte
//! holds seven bits of the integer, the lowest first. The eighth bit says whether more bytes follow.

use nalgebra::DMatrix;

/// Returns the rows of values, one value for each entry of `decimals`, and the label that follows each row.
pub(super) fn unpack(bytes: &[u8], decimals: &[i32]) -> (DMatrix<f64>, Vec<u8>) {
    let mut integers = Integers(bytes.iter());
    let (mut values, mut labels) = (Vec::new(), Vec::new());
    while let Some(first) = integers.next() {
        let row = std::iter::once(first).chain(integers.by_ref().take(decimals.len() - 1));
        values.extend(row.zip(decimals).map(|(integer, &k)| f64::from(integer) / 10f64.powi(k)));
        labels.extend(integers.next().map(|label| label as u8));
    }
    (DMatrix::from_row_slice(labels.len(), decimals.len(), &values), labels)
}

struct Integers<'a>(std::slice::Iter<'a, u8>);

impl Iterator for Integers<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let (mut integer, mut shift) = (0, 0);
        loop {
            let byte = *self.0.next()?;
            integer |= u32::from(byte & 127) << shift;
            shift += 7;
            if byte < 128 {
                return Some(integer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_several_bytes_are_read() {
        let integers: Vec<u32> = Integers([5, 0xac, 2, 0x80, 0x80, 1].iter()).collect();
        assert_eq!(integers, [5, 300, 16384]);
        let (x, y) = unpack(&[0xac, 2, 7, 1, 3, 4, 0], &[2, 0]);
        assert_eq!((x, y), (DMatrix::from_row_slice(2, 2, &[3.0, 7.0, 0.03, 4.0]), vec![1, 0]));
    }
}
