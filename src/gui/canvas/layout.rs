//! Automatic layout: layers from left to right by longest path, ordered to
//! cross few wires, steps level with their neighbours. Pure and deterministic.
//!
//! Stable: laying out a laid out flow changes nothing, order is kept where it
//! costs no crossing, and the top left corner stays where it was.

use std::collections::BTreeMap;

use egui::{Pos2, Vec2, pos2, vec2};

use super::scene::{GRID, HEADER, PORT_PITCH, StepView, WireView};

/// Between layers: room for a wire's label.
const GAP_X: f32 = 72.0;
/// Between steps of a layer.
const GAP_Y: f32 = 40.0;
/// Between flows that are not connected.
const GAP_FLOW: f32 = 64.0;
/// Longer wires are not led around steps.
const LONGEST_LED: usize = 16;
/// Height kept free for a wire that passes a layer.
const PASSING: f32 = 16.0;

/// New places for all steps, or for those named in `only`; the others stay.
pub fn layout(steps: &[StepView], wires: &[WireView], only: Option<&[String]>) -> Vec<(String, Pos2)> {
    const ROUNDS: usize = 4;
    let chosen: Vec<usize> = (0..steps.len())
        .filter(|index| {
            let id = steps.get(*index).map(|step| &step.id);
            only.is_none_or(|only| id.is_some_and(|id| only.contains(id)))
        })
        .collect();
    let boxes: Vec<Box2> = chosen.iter().filter_map(|index| steps.get(*index)).map(Box2::of).collect();
    let number: BTreeMap<usize, usize> = chosen.iter().enumerate().map(|(n, i)| (*i, n)).collect();
    let mut links: Vec<Link> = wires
        .iter()
        .filter_map(|wire| {
            Some(Link {
                from: *number.get(&wire.from.0)?,
                to: *number.get(&wire.to.0)?,
                from_y: port_y(wire.from.1),
                to_y: port_y(wire.to.1),
            })
        })
        .filter(|link| link.from != link.to)
        .collect();
    links.sort_by_key(|link| (link.from, link.to));

    let mut places: Vec<Pos2> = boxes.iter().map(|b| b.at).collect();
    for _ in 0..ROUNDS {
        let next = place_all(&boxes, &links, &places);
        let settled = next == places;
        places = next;
        if settled {
            break;
        }
    }
    chosen.iter().zip(places).filter_map(|(index, place)| Some((steps.get(*index)?.id.clone(), place))).collect()
}

fn port_y(port: usize) -> f32 {
    HEADER + port as f32 * PORT_PITCH
}

/// A step to be placed.
struct Box2 {
    at: Pos2,
    size: Vec2,
}

impl Box2 {
    fn of(step: &StepView) -> Self {
        let at = step.position;
        Self { at: if at.is_finite() { at } else { Pos2::ZERO }, size: step.size() }
    }
}

/// A wire between two boxes, by index, and where its ports are.
#[derive(Clone, Copy)]
struct Link {
    from: usize,
    to: usize,
    from_y: f32,
    to_y: f32,
}

fn place_all(boxes: &[Box2], links: &[Link], places: &[Pos2]) -> Vec<Pos2> {
    let mut result = places.to_vec();
    let Some(corner) = places.iter().copied().reduce(Pos2::min) else {
        return result;
    };
    let corner = (corner.to_vec2() / GRID).round() * GRID;
    let mut flows = flows(boxes.len(), links);
    let top = |flow: &Vec<usize>| {
        let tops = flow.iter().filter_map(|n| places.get(*n)).map(|p| p.y);
        tops.fold(f32::INFINITY, f32::min)
    };
    flows.sort_by(|a, b| top(a).total_cmp(&top(b)).then(a.cmp(b)));
    let (flows, mut singles): (Vec<_>, Vec<_>) = flows.into_iter().partition(|f| f.len() > 1);

    let mut y = 0.0;
    let mut widest: f32 = 4.0;
    for flow in flows {
        let placed = Layers::new(&flow, boxes, links, places).place();
        let height = placed.values().map(|(at, n)| at.y + size(boxes, *n).y);
        let bottom = height.fold(0.0, f32::max);
        for (at, n) in placed.values() {
            if let Some(slot) = result.get_mut(*n) {
                *slot = snapped(corner.to_pos2() + vec2(at.x, at.y + y));
            }
            widest = widest.max(at.x / (size(boxes, *n).x + GAP_X) + 1.0);
        }
        y = ((y + bottom + GAP_FLOW) / GRID).ceil() * GRID;
    }
    place_singles(&mut singles, boxes, places, widest.round() as usize, |n, at| {
        if let Some(slot) = result.get_mut(n) {
            *slot = snapped(corner.to_pos2() + at.to_vec2() + vec2(0.0, y));
        }
    });
    result
}

fn snapped(at: Pos2) -> Pos2 {
    ((at.to_vec2() / GRID).round() * GRID).to_pos2()
}

fn size(boxes: &[Box2], n: usize) -> Vec2 {
    boxes.get(n).map_or(Vec2::ZERO, |b| b.size)
}

/// Steps without wires: in rows, in their present reading order.
fn place_singles(
    singles: &mut [Vec<usize>],
    boxes: &[Box2],
    places: &[Pos2],
    columns: usize,
    mut put: impl FnMut(usize, Pos2),
) {
    let at = |single: &Vec<usize>| -> Pos2 {
        let first = single.first().and_then(|n| places.get(*n));
        first.copied().unwrap_or(Pos2::ZERO)
    };
    singles.sort_by(|a, b| {
        let (p, q) = (at(a), at(b));
        p.y.total_cmp(&q.y).then(p.x.total_cmp(&q.x)).then(a.cmp(b))
    });
    let mut y = 0.0;
    for row in singles.chunks(columns.max(1)) {
        let (mut x, mut height) = (0.0, 0.0_f32);
        for n in row.iter().flatten() {
            put(*n, pos2(x, y));
            x += size(boxes, *n).x + GAP_X;
            height = height.max(size(boxes, *n).y);
        }
        y += height + GAP_Y;
    }
}

/// Connected sets of boxes.
fn flows(count: usize, links: &[Link]) -> Vec<Vec<usize>> {
    let mut parent: Vec<usize> = (0..count).collect();
    fn root(parent: &mut [usize], mut n: usize) -> usize {
        while parent[n] != n {
            parent[n] = parent[parent[n]];
            n = parent[n];
        }
        n
    }
    for link in links {
        let (a, b) = (root(&mut parent, link.from), root(&mut parent, link.to));
        parent[a.max(b)] = a.min(b);
    }
    let mut sets: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for n in 0..count {
        sets.entry(root(&mut parent, n)).or_default().push(n);
    }
    sets.into_values().collect()
}

/// A cell of a layer: a box, or room for a wire that passes.
struct Cell {
    /// The box, by its number outside.
    step: Option<usize>,
    size: Vec2,
    /// Where it was: the order to start from.
    was: f32,
    /// Neighbours to the left and right: cell, their port, our port.
    before: Vec<(usize, f32, f32)>,
    after: Vec<(usize, f32, f32)>,
    y: f32,
}

/// One connected flow.
struct Layers {
    cells: Vec<Cell>,
    layers: Vec<Vec<usize>>,
}

impl Layers {
    fn new(flow: &[usize], boxes: &[Box2], links: &[Link], places: &[Pos2]) -> Self {
        let number: BTreeMap<usize, usize> = flow.iter().enumerate().map(|(i, n)| (*n, i)).collect();
        let links: Vec<Link> = links
            .iter()
            .filter_map(|link| Some(Link { from: *number.get(&link.from)?, to: *number.get(&link.to)?, ..*link }))
            .collect();
        let mut cells: Vec<Cell> = flow
            .iter()
            .map(|n| Cell {
                step: Some(*n),
                size: size(boxes, *n),
                was: places.get(*n).map_or(0.0, |p| p.y),
                before: Vec::new(),
                after: Vec::new(),
                y: 0.0,
            })
            .collect();
        let depth = depths(cells.len(), &links);
        let count = depth.iter().max().map_or(0, |most| most + 1);
        let mut layers = vec![Vec::new(); count];
        for (cell, depth) in depth.iter().enumerate() {
            layers[*depth].push(cell);
        }
        for link in &links {
            connect(&mut cells, &mut layers, &depth, link);
        }
        let mut result = Self { cells, layers };
        for layer in &mut result.layers {
            let cells = &result.cells;
            layer.sort_by(|a, b| cells[*a].was.total_cmp(&cells[*b].was).then(a.cmp(b)));
        }
        result
    }

    /// Places relative to the flow's top left corner, with the box numbers.
    fn place(mut self) -> BTreeMap<usize, (Pos2, usize)> {
        self.order();
        self.level();
        self.straighten();
        let top = self.cells.iter().filter(|c| c.step.is_some());
        let top = top.map(|cell| cell.y).fold(f32::INFINITY, f32::min);
        let mut x = 0.0;
        let mut places = BTreeMap::new();
        for layer in &self.layers {
            let width = layer.iter().map(|c| self.cells[*c].size.x);
            for cell in layer.iter().map(|cell| &self.cells[*cell]) {
                if let Some(step) = cell.step {
                    places.insert(step, (pos2(x, cell.y - top), step));
                }
            }
            x += width.fold(0.0, f32::max) + GAP_X;
        }
        places
    }

    /// Order the layers by the middle of their neighbours, as long as that
    /// takes crossings away.
    fn order(&mut self) {
        const SWEEPS: usize = 12;
        let mut crossings = self.crossings();
        for _ in 0..SWEEPS {
            let kept = self.layers.clone();
            for layer in 1..self.layers.len() {
                self.sort_layer(layer, |cell| &cell.before);
            }
            for layer in (0..self.layers.len().saturating_sub(1)).rev() {
                self.sort_layer(layer, |cell| &cell.after);
            }
            let now = self.crossings();
            if now >= crossings {
                self.layers = kept;
                break;
            }
            crossings = now;
        }
    }

    fn ranks(&self) -> Vec<f32> {
        let mut ranks = vec![0.0; self.cells.len()];
        for layer in &self.layers {
            for (rank, cell) in layer.iter().enumerate() {
                ranks[*cell] = rank as f32;
            }
        }
        ranks
    }

    fn sort_layer(&mut self, layer: usize, side: fn(&Cell) -> &Vec<(usize, f32, f32)>) {
        let ranks = self.ranks();
        let cells = &self.cells;
        let middle = |cell: &usize| {
            let near = side(&cells[*cell]);
            if near.is_empty() {
                return ranks[*cell];
            }
            // A lower port pulls a little lower.
            let sum: f32 = near.iter().map(|(n, port, _)| ranks[*n] + port * 0.001).sum();
            sum / near.len() as f32
        };
        self.layers[layer].sort_by(|a, b| middle(a).total_cmp(&middle(b)));
    }

    fn crossings(&self) -> usize {
        let ranks = self.ranks();
        let mut total = 0;
        for layer in &self.layers {
            let mut ends: Vec<(f32, f32)> = Vec::new();
            for cell in layer {
                for (other, their_port, own_port) in &self.cells[*cell].after {
                    let from = ranks[*cell] + own_port * 0.0001;
                    ends.push((from, ranks[*other] + their_port * 0.0001));
                }
            }
            ends.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
            let mut seen: Vec<f32> = Vec::with_capacity(ends.len());
            for (_, to) in ends {
                let place = seen.partition_point(|other| *other <= to);
                total += seen.len() - place;
                seen.insert(place, to);
            }
        }
        total
    }

    /// Heights: each cell level with its neighbours, as far as the order and
    /// the gaps allow.
    fn level(&mut self) {
        const PASSES: usize = 6;
        for layer in 0..self.layers.len() {
            self.settle(layer, |_| None);
        }
        for pass in 0..PASSES {
            let last = pass + 1 == PASSES;
            let forward = pass % 2 == 0;
            let count = self.layers.len();
            for step in 0..count {
                let layer = if forward { step } else { count - 1 - step };
                self.settle(layer, |cell| {
                    match (last, forward) {
                        (true, _) => Some((true, true)),
                        (false, true) => Some((true, false)),
                        (false, false) => Some((false, true)),
                    }
                    .filter(|_| cell.step.is_some() || !cell.before.is_empty())
                });
            }
        }
    }

    /// Puts each run of cells that follow each other alone on one line, where the cells above and below leave room.
    fn straighten(&mut self) {
        const ROUNDS: usize = 3;
        let mut between = vec![(None, None); self.cells.len()];
        for layer in &self.layers {
            for pair in layer.windows(2) {
                if let [above, below] = *pair {
                    between[below].0 = Some(above);
                    between[above].1 = Some(below);
                }
            }
        }
        let runs = self.runs();
        for _ in 0..ROUNDS {
            for run in &runs {
                self.straighten_run(run, &between);
            }
        }
    }

    /// Cells with the distance of their tops from the first one's, where their wires run level.
    fn runs(&self) -> Vec<Vec<(usize, f32)>> {
        // The first input leads; where a flow forks, its branches begin.
        let leader = |cell: usize| {
            let first = self.cells[cell].before.iter().min_by(|a, b| a.2.total_cmp(&b.2))?;
            (self.cells[first.0].after.len() == 1).then_some(*first)
        };
        let mut next: BTreeMap<usize, (usize, f32)> = BTreeMap::new();
        let mut starts = Vec::new();
        for cell in 0..self.cells.len() {
            if let Some((before, theirs, own)) = leader(cell) {
                next.insert(before, (cell, theirs - own));
            } else {
                starts.push(cell);
            }
        }
        let follow = |start: usize| {
            let mut run = vec![(start, 0.0)];
            while let Some((cell, at)) = run.last().copied()
                && let Some((after, lower)) = next.get(&cell)
            {
                run.push((*after, at + lower));
            }
            run
        };
        starts.into_iter().map(follow).collect()
    }

    fn straighten_run(&mut self, run: &[(usize, f32)], between: &[(Option<usize>, Option<usize>)]) {
        let (mut low, mut high, mut sum) = (f32::NEG_INFINITY, f32::INFINITY, 0.0);
        for (cell, at) in run {
            let (above, below) = between[*cell];
            if let Some(above) = above.map(|above| &self.cells[above]) {
                low = low.max(above.y + above.size.y + GAP_Y - at);
            }
            let this = &self.cells[*cell];
            if let Some(below) = below.map(|below| &self.cells[below]) {
                high = high.min(below.y - GAP_Y - this.size.y - at);
            }
            sum += this.y - at;
        }
        let alone = (run.len() == 1).then(|| self.wish(&self.cells[run[0].0], (true, true))).flatten();
        let wished = alone.unwrap_or(sum / run.len() as f32);
        // The gaps that are there may be a little too small by rounding.
        if low <= high + 0.5 {
            let top = wished.clamp(low, high.max(low));
            for (cell, at) in run {
                self.cells[*cell].y = top + at;
            }
        }
    }

    /// Place one layer: wished heights, kept in order with gaps, with the least
    /// squared deviation (pooling adjacent violators).
    fn settle(&mut self, layer: usize, look: impl Fn(&Cell) -> Option<(bool, bool)>) {
        let order = self.layers[layer].clone();
        let mut blocks: Vec<(f32, f32)> = Vec::with_capacity(order.len());
        let mut counts: Vec<usize> = Vec::with_capacity(order.len());
        let mut offset = 0.0;
        let mut offsets = Vec::with_capacity(order.len());
        for cell in &order {
            let cell = &self.cells[*cell];
            let wish = look(cell).and_then(|sides| self.wish(cell, sides)).unwrap_or(cell.y.max(offset));
            let weight = if cell.step.is_some() { 1.0 } else { 0.5 };
            let mut block = ((wish - offset) * weight, weight);
            let mut count = 1;
            while let Some(before) = blocks.last()
                && before.0 / before.1 > block.0 / block.1
            {
                block = (block.0 + before.0, block.1 + before.1);
                count += counts.pop().unwrap_or(0);
                blocks.pop();
            }
            blocks.push(block);
            counts.push(count);
            offsets.push(offset);
            offset += cell.size.y + GAP_Y;
        }
        let heights =
            blocks.iter().zip(&counts).flat_map(|(block, count)| std::iter::repeat_n(block.0 / block.1, *count));
        for ((cell, base), offset) in order.iter().zip(heights).zip(offsets) {
            self.cells[*cell].y = base + offset;
        }
    }

    /// The height at which a cell's wires run straight, on average.
    fn wish(&self, cell: &Cell, (before, after): (bool, bool)) -> Option<f32> {
        let mut sum = 0.0;
        let mut count = 0.0;
        let sides = [(before, &cell.before), (after, &cell.after)];
        for (other, theirs, own) in sides.iter().filter(|s| s.0).flat_map(|s| s.1) {
            sum += self.cells[*other].y + theirs - own;
            count += 1.0;
        }
        (count > 0.0).then(|| sum / count)
    }
}

/// The layer of each box: the longest path to it. A cycle is entered at its
/// first box.
fn depths(count: usize, links: &[Link]) -> Vec<usize> {
    let mut depth = vec![0_usize; count];
    let mut waiting = vec![0_usize; count];
    let mut out: Vec<Vec<usize>> = vec![Vec::new(); count];
    for link in links {
        waiting[link.to] += 1;
        out[link.from].push(link.to);
    }
    let mut done = vec![false; count];
    let mut ready: Vec<usize> = (0..count).rev().filter(|n| waiting[*n] == 0).collect();
    let mut next_forced = 0;
    loop {
        let Some(n) = ready.pop() else {
            while next_forced < count && done[next_forced] {
                next_forced += 1;
            }
            if next_forced == count {
                return depth;
            }
            ready.push(next_forced);
            continue;
        };
        if std::mem::replace(&mut done[n], true) {
            continue;
        }
        for to in &out[n] {
            if done[*to] {
                continue;
            }
            depth[*to] = depth[*to].max(depth[n] + 1);
            waiting[*to] = waiting[*to].saturating_sub(1);
            if waiting[*to] == 0 {
                ready.push(*to);
            }
        }
    }
}

/// Enter a link into the cells, with passing cells in the layers between.
fn connect(cells: &mut Vec<Cell>, layers: &mut [Vec<usize>], depth: &[usize], link: &Link) {
    let (start, end) = (depth[link.from], depth[link.to]);
    let mut at = (link.from, link.from_y);
    let span = end.saturating_sub(start);
    if (2..=LONGEST_LED).contains(&span) {
        let (from, to) = (cells[link.from].was, cells[link.to].was);
        for (passed, layer) in layers.iter_mut().take(end).skip(start + 1).enumerate() {
            let share = (passed + 1) as f32 / span as f32;
            let passing = cells.len();
            cells.push(Cell {
                step: None,
                size: vec2(0.0, PASSING),
                was: from + (to - from) * share,
                before: Vec::new(),
                after: Vec::new(),
                y: 0.0,
            });
            layer.push(passing);
            cells[at.0].after.push((passing, PASSING / 2.0, at.1));
            cells[passing].before.push((at.0, at.1, PASSING / 2.0));
            at = (passing, PASSING / 2.0);
        }
    }
    cells[at.0].after.push((link.to, link.to_y, at.1));
    cells[link.to].before.push((at.0, at.1, link.to_y));
}

#[cfg(test)]
mod tests {
    use super::super::scene::Sparkline;
    use super::*;
    use crate::gui::canvas::scene::Group;
    use egui::Rect;

    fn steps(count: usize) -> Vec<StepView> {
        let step = |n: usize| {
            let at = pos2((n * 37 % 900) as f32, (n * 53 % 700) as f32);
            StepView::new(format!("s{n}"), format!("Step {n}"), Group::Shape, at)
        };
        (0..count).map(step).collect()
    }

    fn wires(pairs: &[(usize, usize)]) -> Vec<WireView> {
        let wire = |(n, (from, to)): (usize, &(usize, usize))| WireView::new(format!("w{n}"), *from, *to);
        pairs.iter().enumerate().map(wire).collect()
    }

    fn apply(steps: &mut [StepView], places: &[(String, Pos2)]) {
        for (id, at) in places {
            let step = steps.iter_mut().find(|step| step.id == *id).unwrap();
            step.position = *at;
        }
    }

    fn assert_apart(steps: &[StepView]) {
        let rects: Vec<Rect> = steps.iter().map(StepView::rect).collect();
        for (n, a) in rects.iter().enumerate() {
            for b in &rects[n + 1..] {
                assert!(!a.shrink(1.0).intersects(*b), "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn a_chain_becomes_one_straight_row() {
        let mut steps = steps(4);
        let wires = wires(&[(0, 1), (1, 2), (2, 3)]);
        let places = layout(&steps, &wires, None);
        apply(&mut steps, &places);
        assert!(steps.windows(2).all(|p| p[0].position.y == p[1].position.y));
        assert!(steps.windows(2).all(|p| p[1].position.x - p[0].position.x == 288.0));
    }

    #[test]
    fn branches_run_level_beside_a_tall_step() {
        let mut steps = steps(9);
        // 0 forks into 1-2-3-4 and 5-6-7-8; the answer at 3 is taller than a step.
        steps[3].headline = Some(("44".into(), "rows".into()));
        steps[3].sparkline = Sparkline::Bars(vec![1.0, 2.0]);
        let wires = wires(&[(0, 1), (1, 2), (2, 3), (3, 4), (0, 5), (5, 6), (6, 7), (7, 8)]);
        let places = layout(&steps, &wires, None);
        apply(&mut steps, &places);
        assert_apart(&steps);
        for branch in [1..5, 5..9] {
            let tops: Vec<f32> = steps[branch].iter().map(|step| step.position.y).collect();
            assert!(tops.windows(2).all(|pair| pair[0] == pair[1]), "{tops:?}");
        }
    }

    #[test]
    fn laying_out_again_changes_nothing() {
        let mut random = fastrand::Rng::with_seed(7);
        for size in [1, 2, 5, 12, 40] {
            let mut steps = steps(size);
            let pairs: Vec<(usize, usize)> = (0..size).map(|_| (random.usize(..size), random.usize(..size))).collect();
            let wires = wires(&pairs);
            let once = layout(&steps, &wires, None);
            apply(&mut steps, &once);
            assert_apart(&steps);
            let again = layout(&steps, &wires, None);
            assert_eq!(once, again, "{size} steps");
        }
    }

    #[test]
    fn wires_uncross_where_they_can() {
        let mut steps = steps(4);
        // 0 above 1, 2 above 3, wired crosswise.
        for (n, y) in [(0, 0.0), (1, 200.0), (2, 0.0), (3, 200.0)] {
            steps[n].position = pos2(if n < 2 { 0.0 } else { 300.0 }, y);
        }
        let wires = wires(&[(0, 3), (1, 2), (0, 2)]);
        let places = layout(&steps, &wires, None);
        apply(&mut steps, &places);
        let down = |n: usize| steps[n].position.y;
        assert!((down(0) < down(1)) == (down(3) < down(2)));
    }

    #[test]
    fn only_the_named_steps_move() {
        let steps = steps(6);
        let wires = wires(&[(0, 1), (1, 2), (3, 4)]);
        let only = ["s3".to_owned(), "s4".to_owned()];
        let places = layout(&steps, &wires, Some(&only));
        let ids: Vec<&str> = places.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(ids, ["s3", "s4"]);
    }

    #[test]
    fn cycles_broken_wires_and_strange_places_do_no_harm() {
        let mut steps = steps(3);
        steps[1].position = pos2(f32::NAN, f32::INFINITY);
        let wires = wires(&[(0, 1), (1, 2), (2, 0), (1, 1), (0, 9)]);
        let places = layout(&steps, &wires, None);
        assert!(places.iter().all(|(_, at)| at.is_finite()));
        assert!(layout(&[], &[], None).is_empty());
    }
}
