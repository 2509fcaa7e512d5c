//! The numbers that arrays in files are made of.

use std::fmt;

/// A number that arrays in files are made of.
///
/// Public in a private module: it seals [`Real`](crate::Real) without showing in it.
pub trait Element: Copy + Sized {
    /// What it is called in files.
    const KIND: Kind;
    /// An array of it, as a value that does not depend on the type.
    fn values(array: &[Self]) -> Values<'_>;
    /// The numbers in these bytes.
    fn decode(bytes: &[u8]) -> impl ExactSizeIterator<Item = Self> + Clone;
}

/// The type of the numbers of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
pub enum Kind {
    /// Bytes.
    U8,
    /// `f32`.
    F32,
    /// `f64`.
    F64,
    /// `u64`.
    U64,
}

impl Kind {
    /// The size of a number in bytes.
    pub(super) fn size(self) -> usize {
        match self {
            Kind::U8 => 1,
            Kind::F32 => 4,
            Kind::F64 | Kind::U64 => 8,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

macro_rules! elements {
    ($($type:ty, $kind:ident;)*) => {
        /// An array of any of the types.
        #[derive(Debug, Clone, Copy)]
        pub enum Values<'a> {
            $(
                #[doc = concat!("Of `", stringify!($type), "`.")]
                $kind(&'a [$type]),
            )*
        }

        impl Values<'_> {
            /// The type of the numbers.
            pub(super) fn kind(self) -> Kind {
                match self {
                    $(Values::$kind(_) => Kind::$kind,)*
                }
            }

            /// How many there are.
            pub(super) fn count(self) -> usize {
                match self {
                    $(Values::$kind(array) => array.len(),)*
                }
            }

            /// Appends them.
            pub(super) fn encode(self, bytes: &mut Vec<u8>) {
                match self {
                    $(Values::$kind(array) => bytes.extend(array.iter().flat_map(|v| v.to_le_bytes())),)*
                }
            }
        }

        $(impl Element for $type {
            const KIND: Kind = Kind::$kind;

            fn values(array: &[Self]) -> Values<'_> {
                Values::$kind(array)
            }

            fn decode(bytes: &[u8]) -> impl ExactSizeIterator<Item = Self> + Clone {
                bytes.as_chunks().0.iter().map(|bytes| <$type>::from_le_bytes(*bytes))
            }
        })*
    };
}

elements! {
    u8, U8;
    f32, F32;
    f64, F64;
    u64, U64;
}
