//! Soft lanes: columns of steps, headed by the names of their groups. Pure.

use super::scene::{Group, StepView};

/// A lane: a stretch of the canvas from left to right.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// Group names, joined by a middle dot.
    pub title: String,
    /// Left edge, in canvas points.
    pub left: f32,
    /// Right edge, in canvas points.
    pub right: f32,
}

/// Space on the outer sides of the first and the last lane.
const MARGIN: f32 = 20.0;

/// The lanes of some steps, from left to right.
///
/// Steps whose stretches overlap share a column; neighbouring columns with the
/// same groups share a lane. A lane with more than three groups has no title:
/// it would say nothing.
pub fn lanes(steps: &[StepView]) -> Vec<Lane> {
    let mut spans: Vec<(f32, f32, Group)> = steps
        .iter()
        .map(|step| {
            let rect = step.rect();
            (rect.left(), rect.right(), step.group)
        })
        .filter(|(left, right, _)| left.is_finite() && right.is_finite())
        .collect();
    spans.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.2.cmp(&b.2)));

    let mut columns: Vec<(f32, f32, Vec<Group>)> = Vec::new();
    for (left, right, group) in spans {
        match columns.last_mut() {
            Some((_, end, groups)) if left < *end => {
                *end = end.max(right);
                groups.push(group);
            }
            _ => columns.push((left, right, vec![group])),
        }
    }
    for (_, _, groups) in &mut columns {
        groups.sort();
        groups.dedup();
    }
    columns.dedup_by(|next, kept| {
        let same = next.2 == kept.2;
        if same {
            kept.1 = next.1;
        }
        same
    });

    let ends: Vec<(f32, f32)> = columns.iter().map(|c| (c.0, c.1)).collect();
    columns
        .iter()
        .enumerate()
        .map(|(index, (left, right, groups))| Lane {
            title: lane_title(groups),
            left: match index.checked_sub(1).and_then(|before| ends.get(before)) {
                Some((_, before)) => (before + left) / 2.0,
                None => left - MARGIN,
            },
            right: match ends.get(index + 1) {
                Some((after, _)) => (right + after) / 2.0,
                None => right + MARGIN,
            },
        })
        .collect()
}

fn lane_title(groups: &[Group]) -> String {
    const MOST: usize = 3;
    if groups.len() > MOST {
        return String::new();
    }
    let names: Vec<String> = groups.iter().map(|g| g.title().to_uppercase()).collect();
    names.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::pos2;

    fn step(group: Group, x: f32, y: f32) -> StepView {
        StepView::new(format!("{x} {y}"), "", group, pos2(x, y))
    }

    #[test]
    fn columns_become_lanes_named_by_their_groups() {
        let steps = [
            step(Group::Extract, 0.0, 0.0),
            step(Group::Extract, 4.0, 200.0),
            step(Group::Enrich, 288.0, 0.0),
            step(Group::Clean, 288.0, 200.0),
            step(Group::Answer, 576.0, 0.0),
            step(Group::Answer, 864.0, 0.0),
        ];
        let found = lanes(&steps);
        let titles: Vec<&str> = found.iter().map(|lane| lane.title.as_str()).collect();
        assert_eq!(titles, ["EXTRACT", "CLEAN · ENRICH", "ANSWER"]);
        assert_eq!(found[0].right, (220.0 + 288.0) / 2.0);
        assert_eq!(found[0].right, found[1].left);
    }

    #[test]
    fn nothing_gives_no_lanes_and_a_heap_has_no_title() {
        assert!(lanes(&[]).is_empty());
        let heap: Vec<StepView> = Group::ALL.iter().map(|group| step(*group, 10.0, 0.0)).collect();
        assert_eq!(lanes(&heap)[0].title, "");
    }
}
