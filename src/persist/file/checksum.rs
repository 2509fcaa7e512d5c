//! The checksum of files.

/// The polynomial of ECMA-182 with its bits reversed.
const POLYNOMIAL: u64 = 0xC96C_5795_D787_0F42;

/// The look-up tables. `TABLES[k][b]` is the effect of byte `b` on the remainder `k` bytes later, so that
/// eight bytes need eight independent look-ups.
static TABLES: [[u64; 256]; 8] = tables();

const fn tables() -> [[u64; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut remainder = byte as u64;
        let mut bit = 0;
        while bit < 8 {
            remainder = if remainder & 1 == 1 { (remainder >> 1) ^ POLYNOMIAL } else { remainder >> 1 };
            bit += 1;
        }
        tables[0][byte] = remainder;
        byte += 1;
    }
    let mut later = 1;
    while later < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[later - 1][byte];
            tables[later][byte] = (before >> 8) ^ tables[0][(before & 0xFF) as usize];
            byte += 1;
        }
        later += 1;
    }
    tables
}

/// The CRC-64/XZ of bytes that arrive in pieces. It detects every change within eight consecutive bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Crc64(u64);

impl Crc64 {
    pub(super) fn new() -> Self {
        Crc64(u64::MAX)
    }

    pub(super) fn update(self, bytes: &[u8]) -> Self {
        let mut remainder = self.0;
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            let mixed = (remainder ^ u64::from_le_bytes(*word)).to_le_bytes();
            remainder = mixed.iter().zip(TABLES.iter().rev()).fold(0, |sum, (&b, t)| sum ^ t[usize::from(b)]);
        }
        for &byte in rest {
            remainder = (remainder >> 8) ^ TABLES[0][usize::from(remainder as u8 ^ byte)];
        }
        Crc64(remainder)
    }

    pub(super) fn value(self) -> u64 {
        !self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check value of the catalogue of parametrised CRC algorithms,
    /// <https://reveng.sourceforge.io/crc-catalogue/>.
    #[test]
    fn the_check_value_is_met_however_the_bytes_are_cut() {
        let bytes = b"123456789";
        for cut in 0..=bytes.len() {
            let (a, b) = bytes.split_at(cut);
            assert_eq!(Crc64::new().update(a).update(b).value(), 0x995D_C9BB_DF19_39FA, "cut at {cut}");
        }
        assert_eq!(Crc64::new().value(), 0);
    }

    #[test]
    fn words_and_single_bytes_agree() {
        let bytes: Vec<u8> = (0..200_u32).map(|i| (i * i % 251) as u8).collect();
        let slow = bytes.iter().fold(Crc64::new(), |crc, byte| crc.update(&[*byte]));
        assert_eq!(Crc64::new().update(&bytes).value(), slow.value());
    }
}
