#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| logit_fuzz::idx(data));
