//! Settings for which no data can be generated.

use logit::Error;
use logit::data::{
    Blobs, Circles, Classification, Component, GaussianMixture, GaussianQuantiles, Moons, MultiLabel,
    Spirals, Xor,
};
use logit::nalgebra::dmatrix;

fn refused<A: std::fmt::Debug>(made: Result<A, Error>, name: &str) {
    match made {
        Err(Error::InvalidParameter { name: found, .. }) if found == name => {}
        other => panic!("`{name}`: {other:?}"),
    }
}

#[test]
fn settings_out_of_range_are_named() {
    for noise in [-0.1, f64::NAN, f64::INFINITY] {
        refused(Moons::new(10).noise(noise).generate(), "noise");
        refused(Circles::new(10).noise(noise).generate(), "noise");
        refused(Spirals::new(10, 2).noise(noise).generate(), "noise");
        refused(Xor::new(10).noise(noise).generate(), "noise");
        refused(Blobs::new(10, 2).standard_deviation(noise).generate(), "standard_deviation");
        refused(GaussianQuantiles::new(10, 2).standard_deviation(noise).generate(), "standard_deviation");
        refused(Classification::new(100, 2).class_separation(noise).generate(), "class_separation");
        refused(Classification::new(100, 2).label_noise(noise).generate(), "label_noise");
        refused(Classification::new(100, 2).class_weights([1.0, noise]).generate(), "class_weights");
        refused(MultiLabel::new(10, 2).labels_per_row(noise).generate(), "labels_per_row");
        refused(MultiLabel::new(10, 2).words_per_row(noise).generate(), "words_per_row");
        refused(
            GaussianMixture::new([Component::new(1, 5, [0.0], [noise])]).generate(),
            "standard_deviations",
        );
    }
    refused(GaussianMixture::new([Component::new(1, 5, [f64::NAN], [1.0])]).generate(), "means");
    refused(Circles::new(10).inner_radius(1.0).generate(), "inner_radius");
    refused(Spirals::new(10, 2).turns(f64::INFINITY).generate(), "turns");
    refused(Blobs::new(10, 2).cube(1.0, -1.0).generate(), "cube");
    refused(Blobs::new(10, 2).cube(f64::MIN, f64::MAX).generate(), "cube");
    refused(GaussianQuantiles::new(10, 2).standard_deviation(0.0).generate(), "standard_deviation");
    refused(Classification::new(100, 2).label_noise(1.1).generate(), "label_noise");
    refused(Classification::new(100, 2).class_weights([0.0, 0.0]).generate(), "class_weights");
    refused(Classification::new(100, 2).class_weights([f64::MAX, f64::MAX]).generate(), "class_weights");
    refused(Classification::new(100, 2).informative(0).generate(), "informative");
    refused(Classification::new(100, 2).features(5).generate(), "features");
    refused(Classification::new(100, 2).repeated(usize::MAX).generate(), "features");
    for clusters in [0, 9, usize::MAX] {
        let settings = Classification::new(100, 2).clusters_per_class(clusters);
        refused(settings.generate(), "clusters_per_class");
    }
    assert!(Classification::new(100, 2).clusters_per_class(8).generate().is_ok());
    refused(MultiLabel::new(10, 2).labels_per_row(2.1).generate(), "labels_per_row");
    refused(MultiLabel::new(10, 2).words_per_row(1e7).generate(), "words_per_row");
}

#[test]
fn sizes_that_make_no_matrix_are_named() {
    for rows in [0, usize::MAX, usize::MAX / 8] {
        refused(Moons::new(rows).generate(), "rows");
        refused(Circles::new(rows).generate(), "rows");
        refused(Spirals::new(rows, 2).generate(), "rows");
        refused(Xor::new(rows).generate(), "rows");
        refused(Blobs::new(rows, 2).generate(), "rows");
        refused(GaussianQuantiles::new(rows, 2).generate(), "rows");
        refused(Classification::new(rows, 2).generate(), "rows");
        refused(MultiLabel::new(rows, 2).generate(), "rows");
        let half = Component::new(1, rows / 2 + rows % 2, [0.0], [1.0]);
        refused(GaussianMixture::new([half.clone(), half]).generate(), "rows");
    }
    for classes in [0, 1, 11, usize::MAX] {
        refused(Spirals::new(10, classes).generate(), "classes");
        refused(Blobs::new(10, classes).generate(), "classes");
        refused(GaussianQuantiles::new(10, classes).generate(), "classes");
        refused(Classification::new(10, classes).generate(), "classes");
    }
    refused(Moons::new(1).generate(), "classes");
    refused(Circles::new(1).generate(), "classes");
    refused(MultiLabel::new(10, 0).generate(), "labels");
    refused(MultiLabel::new(10, usize::MAX).generate(), "labels");
    refused(Xor::new(10).features(0).generate(), "features");
    refused(MultiLabel::new(10, 2).features(0).generate(), "features");
    refused(Blobs::new(10, 2).features(0).generate(), "features");
    refused(GaussianMixture::new([Component::new(1, 5, [], [])]).generate(), "features");

    let none: GaussianMixture<u8> = GaussianMixture::new([]);
    assert!(matches!(none.generate(), Err(Error::Empty { argument: "components", .. })));
    let two = [Component::new(1, 5, [0.0], [1.0]), Component::new(2, 5, [0.0, 1.0], [1.0, 1.0])];
    assert!(matches!(
        GaussianMixture::new(two).generate(),
        Err(Error::ShapeMismatch { argument: "means", expected: 1, found: 2, .. })
    ));
    let uneven = [Component::new(1, 5, [0.0], [1.0, 2.0])];
    let error = GaussianMixture::new(uneven).generate().expect_err("uneven");
    assert!(matches!(error, Error::ShapeMismatch { argument: "standard_deviations", .. }), "{error}");
    let error = Blobs::new(10, 2).centers(dmatrix![1.0]).generate().expect_err("one centre");
    assert!(matches!(error, Error::ShapeMismatch { argument: "centers", .. }), "{error}");
    let error = Blobs::new(10, 2).centers(dmatrix![1.0; f64::NAN]).generate().expect_err("NaN");
    assert!(matches!(error, Error::NotFinite { argument: "centers", row: 1, .. }), "{error}");
    let error = Classification::new(10, 2).class_weights([1.0]).generate().expect_err("one weight");
    assert!(matches!(error, Error::ShapeMismatch { argument: "class_weights", .. }), "{error}");
}
