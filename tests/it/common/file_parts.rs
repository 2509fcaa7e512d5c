//! Files taken apart and put together without the code of the crate.

use serde_json::Value;

/// The parts of a file.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub(crate) metadata: Value,
    pub(crate) description: Value,
    pub(crate) arrays: Vec<Array>,
}

#[derive(Debug, Clone)]
pub(crate) struct Array {
    pub(crate) name: String,
    pub(crate) dtype: String,
    pub(crate) shape: Vec<u64>,
    pub(crate) bytes: Vec<u8>,
}

/// The header, and where it ends.
pub(crate) fn header(bytes: &[u8]) -> (&str, usize) {
    let length = u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes")) as usize;
    (std::str::from_utf8(&bytes[8..8 + length]).expect("text"), 8 + length)
}

/// The same data behind another header, with the right length and checksum.
pub(crate) fn with_header(bytes: &[u8], text: &str) -> Vec<u8> {
    let data = &bytes[header(bytes).1..];
    let mut changed = (text.len() as u64).to_le_bytes().to_vec();
    changed.extend(text.as_bytes());
    changed.extend(data);
    sealed(changed)
}

/// With the checksum that belongs to the bytes, if there is a place for it.
pub(crate) fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let (text, start) = header(&bytes);
    let Ok(listed) = serde_json::from_str::<Value>(text) else { return bytes };
    let Some(offset) = listed["checksum"]["data_offsets"][0].as_u64() else { return bytes };
    let at = start.saturating_add(offset as usize);
    if bytes.len() >= at.saturating_add(8) {
        let rest = [&bytes[..at], &bytes[at + 8..]].concat();
        bytes[at..at + 8].copy_from_slice(&crc64(&rest).to_le_bytes());
    }
    bytes
}

/// CRC-64/XZ, bit by bit.
fn crc64(bytes: &[u8]) -> u64 {
    let bit = |crc: u64| if crc & 1 == 1 { (crc >> 1) ^ 0xC96C_5795_D787_0F42 } else { crc >> 1 };
    !bytes.iter().fold(u64::MAX, |crc, &byte| (0..8).fold(crc ^ u64::from(byte), |crc, _| bit(crc)))
}

impl Parts {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let (text, start) = header(bytes);
        let mut listed: Value = serde_json::from_str(text).expect("a header");
        let listed = listed.as_object_mut().expect("a table");
        let mut metadata = listed.remove("__metadata__").expect("metadata");
        let description =
            metadata.as_object_mut().expect("a table").remove("description").expect("a description");
        let description = serde_json::from_str(description.as_str().expect("text")).expect("a description");
        let mut arrays = Vec::new();
        for (name, entry) in listed.iter() {
            let offset =
                |end: usize| start + entry["data_offsets"][end].as_u64().expect("an offset") as usize;
            arrays.push((
                (offset(0), offset(1)),
                Array {
                    name: name.clone(),
                    dtype: entry["dtype"].as_str().expect("a type").to_owned(),
                    shape: serde_json::from_value(entry["shape"].clone()).expect("a shape"),
                    bytes: bytes[offset(0)..offset(1)].to_vec(),
                },
            ));
        }
        arrays.sort_by_key(|(offsets, _)| *offsets);
        let arrays = arrays.into_iter().map(|(_, array)| array).collect();
        Parts { metadata, description, arrays }
    }

    pub(crate) fn array(&mut self, name: &str) -> &mut Array {
        self.arrays.iter_mut().find(|array| array.name == name).expect("an array of this name")
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut metadata = self.metadata.clone();
        metadata["description"] = self.description.to_string().into();
        let mut listed = serde_json::json!({ "__metadata__": metadata });
        let mut data: Vec<u8> = Vec::new();
        for Array { name, dtype, shape, bytes } in &self.arrays {
            let start = data.len();
            data.extend(bytes);
            listed[name] =
                serde_json::json!({ "dtype": dtype, "shape": shape, "data_offsets": [start, data.len()] });
        }
        let text = listed.to_string();
        let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
        bytes.extend(text.as_bytes());
        bytes.extend(data);
        sealed(bytes)
    }
}
