//! Five questions that people asked about classifiers: what they did, what went wrong, and the answer.
//!
//! Each page has an example of the same name. It repeats the mistake, prints the numbers of the page, and
//! fails if one of the page's claims does not hold.

page!(decision_line, "questions/decision_line.md", "decision_line");
page!(label_encoding, "questions/label_encoding.md", "label_encoding");
page!(logistic_regression, "questions/logistic_regression.md", "gradient_descent");
page!(mnist_sigmoid, "questions/mnist_sigmoid.md", "stuck", "units");
page!(
    relu_decision_regions,
    "questions/relu_decision_regions.md",
    "regions_wedge",
    "regions_right",
    "regions_wrong"
);
