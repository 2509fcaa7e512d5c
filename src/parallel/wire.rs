//! Values as bytes: what the ranks of a fit send each other.
//!
//! Numbers are little-endian and keep their bits, so all ranks compute with the same numbers, whatever
//! processor they run on. Messages do not outlive a fit, so the layout has no version.

/// A value that can be sent to another rank.
///
/// It is public in a private module, so that [`Real`](crate::Real) can name it.
pub trait Wire: Sized {
    /// Appends the value to `out`: at least one byte.
    fn write(&self, out: &mut Vec<u8>);

    /// Takes a value from the front of `bytes`; `None` if they do not begin with one.
    fn read(bytes: &mut &[u8]) -> Option<Self>;
}

/// Returns the value that all of `bytes` stand for; `None` if there is none, or if bytes are left over.
pub(crate) fn decoded<A: Wire>(mut bytes: &[u8]) -> Option<A> {
    A::read(&mut bytes).filter(|_| bytes.is_empty())
}

/// Takes `N` bytes.
fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*first)
}

/// Takes a number of items. Each of them takes at least one byte, so a larger number is no number of items.
fn length(bytes: &mut &[u8]) -> Option<usize> {
    usize::read(bytes).filter(|&length| length <= bytes.len())
}

impl Wire for u8 {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(*self);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        take::<1>(bytes).map(|[byte]| byte)
    }
}

/// One byte, so that a list of a million empty values is not a message of eight bytes.
impl Wire for () {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(0);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        (u8::read(bytes)? == 0).then_some(())
    }
}

impl Wire for bool {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        match u8::read(bytes)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

/// Eight bytes on every machine.
impl Wire for usize {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend((*self as u64).to_le_bytes());
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        take(bytes).and_then(|bytes| usize::try_from(u64::from_le_bytes(bytes)).ok())
    }
}

/// Sends the fields of a structure, one after another.
macro_rules! wire {
    ($name:ident $(<$($of:ident: $bound:path),*>)? { $($field:tt),* }) => {
        impl $(<$($of: $bound),*>)? $crate::parallel::wire::Wire for $name $(<$($of),*>)? {
            fn write(&self, out: &mut Vec<u8>) {
                $($crate::parallel::wire::Wire::write(&self.$field, out);)*
            }

            fn read(bytes: &mut &[u8]) -> Option<Self> {
                Some($name { $($field: $crate::parallel::wire::Wire::read(bytes)?),* })
            }
        }
    };
}

pub(crate) use wire;

macro_rules! float {
    ($type:ty) => {
        impl Wire for $type {
            fn write(&self, out: &mut Vec<u8>) {
                out.extend(self.to_le_bytes());
            }

            fn read(bytes: &mut &[u8]) -> Option<Self> {
                take(bytes).map(<$type>::from_le_bytes)
            }
        }
    };
}

float!(f32);
float!(f64);

impl Wire for String {
    fn write(&self, out: &mut Vec<u8>) {
        self.len().write(out);
        out.extend(self.as_bytes());
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let length = length(bytes)?;
        let (text, rest) = bytes.split_at_checked(length)?;
        *bytes = rest;
        std::str::from_utf8(text).ok().map(str::to_owned)
    }
}

impl<A: Wire> Wire for Option<A> {
    fn write(&self, out: &mut Vec<u8>) {
        self.is_some().write(out);
        if let Some(value) = self {
            value.write(out);
        }
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        if bool::read(bytes)? { A::read(bytes).map(Some) } else { Some(None) }
    }
}

impl<A: Wire> Wire for Vec<A> {
    fn write(&self, out: &mut Vec<u8>) {
        self.len().write(out);
        self.iter().for_each(|value| value.write(out));
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let length = length(bytes)?;
        // A length that is not true reserves no more memory than the message takes.
        let mut values = Vec::with_capacity(length.min(bytes.len() / size_of::<A>().max(1)));
        for _ in 0..length {
            values.push(A::read(bytes)?);
        }
        Some(values)
    }
}

impl<A: Wire, B: Wire> Wire for (A, B) {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
        self.1.write(out);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        Some((A::read(bytes)?, B::read(bytes)?))
    }
}

impl<A: Wire, B: Wire, C: Wire> Wire for (A, B, C) {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
        self.1.write(out);
        self.2.write(out);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        Some((A::read(bytes)?, B::read(bytes)?, C::read(bytes)?))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sent<A: Wire>(value: &A) -> Vec<u8> {
        let mut bytes = Vec::new();
        value.write(&mut bytes);
        bytes
    }

    type Everything =
        ((Vec<f64>, Vec<f32>, usize), (Option<String>, Vec<(bool, u8)>), (Vec<Vec<()>>, Option<()>));

    proptest! {
        /// All bits come back, and no part of a message is a message.
        #[test]
        fn messages_are_read_as_they_were_written(
            wide: Vec<u64>, narrow: Vec<u32>, number: usize, text: Option<String>, pairs: Vec<(bool, u8)>,
            empty in prop::collection::vec(0usize..3, 0..4), unit: Option<()>,
        ) {
            let wide = wide.into_iter().map(f64::from_bits).collect();
            let narrow = narrow.into_iter().map(f32::from_bits).collect();
            let empty = empty.into_iter().map(|count| vec![(); count]).collect();
            let value: Everything = ((wide, narrow, number), (text, pairs), (empty, unit));
            let bytes = sent(&value);
            let read: Everything = decoded(&bytes).unwrap();
            // NaN is not equal to itself, but its bytes are.
            prop_assert_eq!(sent(&read), bytes.clone());
            prop_assert_eq!((read.0.2, read.1, read.2), (value.0.2, value.1, value.2));
            for end in 0..bytes.len() {
                prop_assert!(decoded::<Everything>(&bytes[..end]).is_none());
            }
            prop_assert!(decoded::<Everything>(&[&bytes[..], &[0]].concat()).is_none());
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
            let _ = decoded::<Everything>(&bytes);
            let _ = decoded::<Vec<String>>(&bytes);
            let _ = decoded::<Vec<Vec<f64>>>(&bytes);
        }
    }

    #[test]
    fn lengths_that_are_not_true_reserve_no_memory() {
        for length in [2, usize::MAX / 8, usize::MAX] {
            let bytes = [sent(&length), vec![0]].concat();
            assert_eq!(decoded::<Vec<f64>>(&bytes), None);
            assert_eq!(decoded::<Vec<()>>(&bytes), None);
            assert_eq!(decoded::<Vec<Option<String>>>(&bytes), None);
            assert_eq!(decoded::<String>(&bytes), None);
        }
    }

    #[test]
    fn numbers_are_little_endian() {
        assert_eq!(sent(&258usize), [2, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(sent(&-2.0f32), [0, 0, 0, 192]);
        assert_eq!(sent(&"é".to_owned()), [2, 0, 0, 0, 0, 0, 0, 0, 195, 169]);
        assert_eq!(decoded::<bool>(&[2]), None);
        assert_eq!(decoded::<()>(&[1]), None);
        assert_eq!(decoded::<String>(&[1, 0, 0, 0, 0, 0, 0, 0, 255]), None);
    }
}
