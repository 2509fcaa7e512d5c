//! The texts that stand for the values of enums in files.

use super::file::invalid;
use crate::error::Error;

/// Returns the error for a text that is not one of the keys.
pub(crate) fn unknown_key(found: &str, keys: &[&str]) -> Error {
    invalid(format!("`{found}` is not one of {keys:?}"))
}

/// Implements `key`, which returns the text that stands for a value of an enum in files, and its inverse
/// `from_key`.
///
/// `string_keys! { Norm: L1 = "l1", L2 = "l2" }` is for enums without data. In `string_keys! { NonFinite,
/// usize: Loss = "loss", Gradient { layer } = "gradient" }` some variants contain a `usize`, which is stored
/// next to the text. `key` returns it as an option, and `from_key` takes it.
///
/// `from_key` returns [`Error::InvalidFile`](crate::Error) for every other text.
macro_rules! string_keys {
    ($type:ident: $($variant:ident = $key:literal),* $(,)?) => {
        impl $type {
            pub(crate) fn key(self) -> &'static str {
                match self {
                    $($type::$variant => $key,)*
                }
            }

            pub(crate) fn from_key(key: &str) -> Result<Self, $crate::Error> {
                match key {
                    $($key => Ok($type::$variant),)*
                    other => Err($crate::persist::unknown_key(other, &[$($key),*])),
                }
            }
        }
    };
    ($type:ident, $data:ty: $($variant:ident $(($tuple:ident))? $({ $field:ident })? = $key:literal),* $(,)?) => {
        impl $type {
            pub(crate) fn key(self) -> (&'static str, Option<$data>) {
                match self {
                    $($type::$variant $(($tuple))? $({ $field })? => (
                        $key,
                        $crate::persist::keys::string_keys!(@option $($tuple)? $($field)?),
                    ),)*
                }
            }

            pub(crate) fn from_key(key: &str, data: Option<$data>) -> Result<Self, $crate::Error> {
                match (key, data) {
                    $((
                        $key,
                        $crate::persist::keys::string_keys!(@option $($tuple)? $($field)?),
                    ) => Ok($type::$variant $(($tuple))? $({ $field })?),)*
                    (other, _) => Err($crate::persist::unknown_key(other, &[$($key),*])),
                }
            }
        }
    };
    (@option) => { None };
    (@option $data:ident) => { Some($data) };
}

pub(crate) use string_keys;
