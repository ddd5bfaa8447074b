//! Places in the designer without a window: the place of a step is picked in its form, wires that cross are named, and
//! how much goes over once it is estimated.

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;

use crate::gui::{designer, wait};
use crate::support::root;

#[test]
fn the_place_of_a_step_is_picked_and_wires_that_cross_say_what_goes_over() {
    let home = tempfile::tempdir().unwrap();
    let project = home.path().join("teams.pipewright.json");
    std::fs::create_dir(home.path().join("samples")).unwrap();
    for file in ["teams.pipewright.json", "samples/customers.csv", "samples/orders.csv", "samples/visits.jsonl"] {
        std::fs::copy(root().join("projects/teams").join(file), home.path().join(file)).unwrap();
    }
    let mut harness = designer(home.path(), vec![project], [1600.0, 1400.0]);
    wait(&mut harness, "the project", |app| app.project().name == "teams");
    let crossing = |harness: &egui_kittest::Harness<'_, pipewright::gui::App>, text: &str| {
        harness.query_all_by_label_contains(text).count()
    };
    // E-mail addresses stay: only what is needed goes over.
    let customers = "wire from Customers to Visits with plan";
    assert_eq!(crossing(&harness, "goes over from Warehouse to Cluster, `customer`, `plan`, estimate the volume"), 1);
    assert!(harness.query_by_label_contains(customers).is_some());

    harness.get_by_label_contains("Visits with plan, Join").click();
    harness.run_ok();
    wait(&mut harness, "the form", |_| true);
    assert!(harness.query_by_label_contains("done in Cluster (the least goes over)").is_some());
    // The form is longer than the window.
    harness.get_by_role_and_label(Role::ComboBox, "Place").click_accesskit();
    harness.run_ok();
    wait(&mut harness, "the places", |_| true);
    harness.get_by_role_and_label(Role::Button, "Warehouse").click();
    harness.run_ok();
    wait(&mut harness, "the place", |app| app.project().steps["visits-plan"].place == "place-warehouse");
    assert!(harness.query_by_label_contains("done in Warehouse (said by the step)").is_some());
    assert_eq!(crossing(&harness, "goes over from Warehouse to Cluster, `customer`, `plan`"), 0);
    harness.get_by_label("Undo").click();
    wait(&mut harness, "the place of before", |app| app.project().steps["visits-plan"].place.is_empty());

    harness.get_by_label("Volume").click();
    harness.run_ok();
    harness.get_by_role_and_label(Role::Button, "Estimate the volume").click();
    harness.run_ok();
    wait(&mut harness, "the estimate", |_| true);
    assert_eq!(crossing(&harness, "goes over from Warehouse to Cluster, `customer`, `plan`, about "), 1);
}
