//! The doctor: every fault is found, and its healthy twin, which differs in one line, has no warning.

mod data;
mod estimators;
mod gradient;
mod healthy;
mod more_training;
#[cfg(feature = "serde")]
mod serialization;
mod serving;
mod training;

use logit::doctor::Code;

/// Every code has a section of the page, which names it.
#[test]
fn codes_have_pages() {
    let page = include_str!("../../../docs/doctor.md");
    for code in Code::ALL {
        let section = page.split(&format!("\n## {}\n", code.id())).nth(1).unwrap_or_else(|| panic!("{code}"));
        let section = section.split("\n## ").next().unwrap_or_default();
        assert!(section.contains(&format!("`Code::{code:?}`")), "{code}: {section}");
        for part in ["**Provoked by**", "**Cure.**"] {
            assert!(section.contains(part), "{code} has no {part}");
        }
        assert_eq!(code.page(), format!("docs/doctor.md#{}", code.id().to_lowercase()));
    }
}
