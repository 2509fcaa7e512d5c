#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| logit_fuzz::save_load_save(data));
