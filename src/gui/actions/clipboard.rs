//! Steps as text: copied with their inner wires and their sources, pasted with new ids, also between windows.
//! Imports egui's points only.

use std::collections::BTreeMap;

use egui::{Pos2, Vec2, pos2, vec2};
use pipewright_core::model::{Id, Source};
use pipewright_core::project::{Edit, Project, Step, Wire, canonical_json};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::edits::{NewIds, STEP_HEIGHT, free_title, insert, is_covered};
use crate::gui::canvas::Selection;

/// What the clipboard holds.
#[derive(Debug, Serialize, Deserialize)]
struct Clip {
    /// Version of the text; also what tells it from any other JSON.
    pipewright_steps: u32,
    steps: Vec<Step>,
    #[serde(default)]
    wires: Vec<Wire>,
    #[serde(default)]
    sources: Vec<Source>,
}

/// The selected steps as text; `None` where none is selected.
pub fn copy(project: &Project, selection: &Selection) -> Option<String> {
    let steps: Vec<Step> = selection.steps.iter().filter_map(|id| project.steps.get(id)).cloned().collect();
    if steps.is_empty() {
        return None;
    }
    let is_inner = |wire: &&Wire| selection.steps.contains(&wire.from) && selection.steps.contains(&wire.to);
    let sources = steps.iter().filter_map(|step| project.sources.get(step.settings.get("source")?.as_str()?));
    let clip = Clip {
        pipewright_steps: 1,
        wires: project.wires.values().filter(is_inner).cloned().collect(),
        sources: sources.cloned().collect(),
        steps,
    };
    Some(canonical_json(&serde_json::to_value(clip).ok()?))
}

/// The edits that insert copied steps, and the new steps' ids; `None` where the text holds no steps. `at`: where the
/// left upper one goes; else beside the originals.
pub fn paste(project: &Project, text: &str, at: Option<Pos2>) -> Option<(Vec<Edit>, Vec<Id>)> {
    let clip: Clip = serde_json::from_str(text).ok()?;
    let left = clip.steps.iter().map(|step| step.x).min()?;
    let top = clip.steps.iter().map(|step| step.y).min()?;
    let offset = match at {
        Some(at) => at.to_vec2() - vec2(left as f32, top as f32),
        None => below(project, &clip.steps),
    };
    let mut ids = NewIds::new(project);
    let mut renamed: BTreeMap<Id, Id> = BTreeMap::new();
    let mut edits = Vec::new();
    for mut source in clip.sources {
        if project.sources.contains_key(&source.id) || renamed.contains_key(&source.id) {
            continue;
        }
        let new = ids.next("src");
        renamed.insert(source.id, new.clone());
        source.id = new;
        edits.push(insert("sources", &source));
    }
    let mut steps = Vec::new();
    for mut step in clip.steps {
        let new = ids.next(step.id.split('-').next().unwrap_or("step"));
        renamed.insert(step.id, new.clone());
        step.id = new;
        step.title = free_title(project, &step.title);
        step.x = (step.x as f32 + offset.x).round() as i32;
        step.y = (step.y as f32 + offset.y).round() as i32;
        for item in step.settings.values_mut().filter_map(Json::as_array_mut).flatten() {
            let Some(old) = item.get("id").and_then(Json::as_str).map(str::to_owned) else { continue };
            let new = ids.next(old.split('-').next().unwrap_or("item"));
            item["id"] = Json::from(new.as_str());
            renamed.insert(old, new);
        }
        if let Some(source) = step.settings.get_mut("source")
            && let Some(new) = source.as_str().and_then(|old| renamed.get(old))
        {
            *source = Json::from(new.as_str());
        }
        steps.push(step.id.clone());
        edits.push(insert("steps", &step));
    }
    for mut wire in clip.wires {
        let (Some(from), Some(to)) = (renamed.get(&wire.from), renamed.get(&wire.to)) else { continue };
        (wire.from, wire.to, wire.id) = (from.clone(), to.clone(), ids.next("w"));
        // Ports of items (Route's outputs) are named by the items' ids.
        if let Some(port) = renamed.get(&wire.output) {
            wire.output.clone_from(port);
        }
        if let Some(port) = renamed.get(&wire.input) {
            wire.input.clone_from(port);
        }
        edits.push(insert("wires", &wire));
    }
    Some((edits, steps))
}

/// How far down copies must go to lie on no step. Canvas points.
fn below(project: &Project, steps: &[Step]) -> Vec2 {
    let rows = steps.iter().map(|step| step.y);
    let height = rows.clone().max().unwrap_or_default() - rows.min().unwrap_or_default();
    let once = vec2(0.0, height as f32 + STEP_HEIGHT + 24.0);
    let mut offset = once;
    while steps.iter().any(|step| is_covered(project, pos2(step.x as f32, step.y as f32) + offset)) {
        offset += once;
    }
    offset
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    #[test]
    fn pasted_steps_are_new_and_keep_their_inner_wires() {
        let mut project = Project::new("p");
        let step = |id: &str| json!({"id": id, "kind": "filter", "title": "Filter", "settings": {"rules": [{"id": format!("r-{id}")}]}});
        let wire = json!({"id": "w-1", "from": "flt-1", "to": "flt-2"});
        project
            .apply(&[insert("steps", step("flt-1")), insert("steps", step("flt-2")), insert("wires", wire)])
            .unwrap();
        let all = Selection { steps: project.steps.keys().cloned().collect(), wires: BTreeSet::new() };
        let text = copy(&project, &all).unwrap();
        let (edits, steps) = paste(&project, &text, None).unwrap();
        project.apply(&edits).unwrap();
        assert_eq!((project.steps.len(), project.wires.len(), steps.len()), (4, 2, 2));
        assert!(project.wires_from(&steps[0]).any(|wire| wire.to == steps[1]));
        assert!(paste(&project, "{\"steps\": []}", None).is_none());
        // Copies lie beside each other, on nothing.
        let (edits, _) = paste(&project, &text, None).unwrap();
        project.apply(&edits).unwrap();
        let places: BTreeSet<(i32, i32)> = project.steps.values().map(|step| (step.x, step.y)).collect();
        assert_eq!(places.len(), 3, "{places:?}");
    }
}
