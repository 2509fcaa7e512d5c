//! The names of layers, as the bytes of all and the length of each.

use crate::error::Error;
use crate::persist::file::{Reader, Writer, invalid};

#[derive(Debug)]
pub(super) struct Names {
    lengths: Vec<u64>,
    text: String,
}

impl Names {
    pub(super) fn new(names: &[String]) -> Self {
        Names { lengths: names.iter().map(|name| name.len() as u64).collect(), text: names.concat() }
    }

    pub(super) fn write<'a>(&'a self, writer: Writer<'a>) -> Writer<'a> {
        writer
            .array("history.layer_name_lengths", &self.lengths)
            .array("history.layer_names", self.text.as_bytes())
    }

    /// So many names of layers that share these parameters.
    ///
    /// # Errors
    /// For more layers than parameters, of which each has some; for lengths that do not add up, and for bytes that are
    /// no text.
    pub(super) fn read(
        reader: &mut Reader<'_>,
        count: usize,
        parameters: usize,
    ) -> Result<Vec<String>, Error> {
        if count > parameters {
            return Err(invalid(format!(
                "it has {count} layers with parameters, wanted at most {parameters}"
            )));
        }
        let lengths = reader.values::<u64>("history.layer_name_lengths", &[count])?;
        let sum = lengths.clone().try_fold(0, |sum: u64, length| sum.checked_add(length));
        let sum = sum.and_then(|sum| usize::try_from(sum).ok());
        let size = sum.ok_or_else(|| invalid("the names of layers are too long to address"))?;
        let bytes: Vec<u8> = reader.array("history.layer_names", &[size])?;
        let mut rest = bytes.as_slice();
        let mut names = Vec::with_capacity(count);
        for length in lengths {
            // The lengths sum to that of the bytes, so each of them fits.
            let (name, after) = rest.split_at(length as usize);
            let name = std::str::from_utf8(name)
                .map_err(|error| invalid(format!("the name of a layer: {error}")))?;
            names.push(name.to_owned());
            rest = after;
        }
        Ok(names)
    }
}
