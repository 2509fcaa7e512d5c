//! Malicious IDX files.

use allocation_counter::measure;
use logit::Error;
use logit::data::{IdxArray, IdxReader};
use proptest::prelude::*;

fn read(bytes: &[u8]) -> Result<IdxArray, Error> {
    IdxReader::new().read_from(bytes)
}

fn refused(bytes: &[u8]) -> String {
    match read(bytes) {
        Err(error @ Error::InvalidFile { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn sizes_that_lie_take_no_memory() {
    let header = |code: u8, sizes: &[u32]| {
        let mut bytes = vec![0, 0, code, sizes.len() as u8];
        bytes.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
        bytes
    };
    for (code, sizes) in [
        (8, vec![u32::MAX, u32::MAX]),
        (14, vec![u32::MAX, u32::MAX]),
        (8, vec![u32::MAX; 3]),
        (8, vec![u32::MAX; 255]),
        (8, vec![1 << 31, 1 << 31, 4]),
        (8, vec![1 << 29]),
        (8, vec![1, 1 << 29]),
        (14, vec![1 << 26]),
        (8, vec![0]),
        (8, vec![3, 0]),
        (8, vec![]),
        (10, vec![1]),
    ] {
        let bytes = header(code, &sizes);
        let memory = measure(|| {
            refused(&bytes);
            // Not even one row fits into the file.
            assert!(IdxReader::new().rows(1).read_from(&bytes[..]).is_err(), "{sizes:?}");
        });
        assert!(memory.bytes_max < 1 << 19, "{sizes:?}: {} bytes", memory.bytes_max);
    }
    let limited = IdxReader::new().max_bytes(10);
    let mut bytes = header(8, &[11]);
    bytes.extend([1; 11]);
    let error = limited.read_from(&bytes[..]).expect_err("11 bytes").to_string();
    assert!(error.contains("its rows take 11 bytes, and the limit is 10"), "{error}");
    assert!(limited.rows(10).read_from(&bytes[..]).is_ok());
}

#[test]
fn what_is_cut_short_or_goes_on_is_refused() {
    let whole = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 1, 7, 9];
    assert!(read(&whole).is_ok());
    for length in 0..whole.len() {
        refused(&whole[..length]);
    }
    let longer = [&whole[..], &[0]].concat();
    assert!(refused(&longer).contains("more follows after the 2 bytes"));
}

#[cfg(feature = "gzip")]
mod packed {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn pack(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).expect("bytes");
        encoder.finish().expect("bytes")
    }

    #[test]
    fn what_is_packed_is_unpacked_no_further_than_announced() {
        // 64 MiB of zeros in 64 KiB, of which the header announces three.
        let mut bytes = vec![0, 0, 8, 1, 0, 0, 0, 3];
        bytes.resize(1 << 26, 0);
        let bomb = pack(&bytes);
        drop(bytes);
        assert!(bomb.len() < 1 << 17);
        let memory = measure(|| assert!(refused(&bomb).contains("more follows")));
        assert!(memory.bytes_max < 1 << 19, "{} bytes", memory.bytes_max);
        assert_eq!(IdxReader::new().rows(3).read_from(&bomb[..]).expect("three").sizes(), [3]);
    }

    #[test]
    fn damage_is_found() {
        let whole = pack(&[0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 7, 9, 1, 2, 3, 4]);
        let wanted = read(&whole).expect("an array");
        for length in 0..whole.len() {
            refused(&whole[..length]);
        }
        let mut passed = 0;
        for bit in 0..8 * whole.len() {
            let mut damaged = whole.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            match read(&damaged) {
                // Flags, time and system in the header of gzip mean nothing to us.
                Ok(array) => {
                    passed += 1;
                    assert_eq!(array, wanted, "bit {bit}");
                }
                Err(Error::InvalidFile { .. }) => {}
                Err(other) => panic!("bit {bit}: {other}"),
            }
        }
        assert!(passed < 60, "{passed} flipped bits passed");
    }

    proptest! {
        #[test]
        fn any_packed_bytes_are_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&pack(&bytes));
            let _ = read(&[&[0x1f, 0x8b][..], &bytes].concat());
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let memory = measure(|| {
            let _ = read(&bytes);
        });
        prop_assert!(memory.bytes_max < 1 << 17, "{} bytes", memory.bytes_max);
    }

    /// Valid headers with wrong sizes: an array is as long as its header says, or it is rejected.
    #[test]
    fn arrays_hold_what_they_announce(
        code in 7u8..16,
        sizes in prop::collection::vec(0u32..6, 0..4),
        numbers in prop::collection::vec(any::<u8>(), 0..200),
        rows in prop::option::of(0usize..6),
    ) {
        let mut bytes = vec![0, 0, code, sizes.len() as u8];
        bytes.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
        bytes.extend(&numbers);
        let reader = rows.map_or(IdxReader::new(), |rows| IdxReader::new().rows(rows));
        if let Ok(array) = reader.read_from(&bytes[..]) {
            let count: usize = array.sizes().iter().product();
            let matrix = array.matrix::<f64>();
            prop_assert_eq!(matrix.len(), count);
            prop_assert_eq!(matrix.nrows(), rows.unwrap_or(sizes[0] as usize));
            prop_assert!(count <= numbers.len());
        }
    }
}
