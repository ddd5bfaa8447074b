//! Drawing a wire: from a port by drag or by two clicks, off an input, onto a
//! port or a step, or into the open.

use egui::Pos2;

use super::interaction::{Connect, Gesture, Hand};
use super::paint::Detail;
use super::scene::{PortAt, PortRef, Scene, Side};
use super::{Canvas, CanvasEvent};

/// How near a port attracts the loose end, in screen points.
const ATTRACTION: f32 = 22.0;

/// Start a wire at a port. A drag off a wired input pulls its wire off.
pub fn begin(canvas: &mut Canvas, hand: &Hand<'_, '_>, at: PortAt, pointer: Pos2, sticky: bool) {
    let mut from = at;
    let mut detached = None;
    if at.side == Side::Input && !sticky {
        detached = hand.scene.wires.iter().rposition(|wire| wire.to == (at.step, at.port));
        if let Some(wire) = detached.and_then(|index| hand.scene.wires.get(index)) {
            from = PortAt { step: wire.from.0, side: Side::Output, port: wire.from.1 };
        }
    }
    let Some(from_ref) = hand.scene.port_ref(from) else {
        return;
    };
    let wire = detached.and_then(|index| hand.scene.wires.get(index));
    canvas.gesture = Gesture::Connect(Connect {
        from,
        from_ref,
        detached,
        detached_id: wire.map(|wire| wire.id.clone()).unwrap_or_default(),
        pointer,
        target: None,
        verdicts: Default::default(),
        sticky,
    });
}

/// The loose end moved to `at`: ask the rule about every port in sight, once,
/// and find the port that it would land on.
pub fn proceed(canvas: &mut Canvas, hand: &Hand<'_, '_>, at: Pos2) {
    let scene = hand.scene;
    let seen = canvas.view.visible(hand.response.rect);
    let reach = ATTRACTION / canvas.view.zoom;
    let readable = Detail::at(canvas.view.zoom).is_readable();
    let geometry = &canvas.cache.geometry;
    let Gesture::Connect(connect) = &mut canvas.gesture else {
        return;
    };
    connect.pointer = at;
    connect.target = None;
    if !readable {
        return;
    }
    let side = connect.from.side.other();
    let mut nearest = reach;
    for step in geometry.steps_in(seen) {
        let ports = scene.steps.get(step).map_or(0, |s| s.ports(side).len());
        if step == connect.from.step {
            continue;
        }
        for port in 0..ports {
            let port = PortAt { step, side, port };
            ask(connect, hand, port);
            let distance = geometry.port(scene, port).map_or(f32::INFINITY, |centre| centre.distance(at));
            if distance < nearest {
                nearest = distance;
                connect.target = Some(port);
            }
        }
    }
    // Over a step's body: its first port that fits, or else its first.
    if connect.target.is_none()
        && let Some(step) = geometry.step_at(at).filter(|s| *s != connect.from.step)
    {
        let ports = scene.steps.get(step).map_or(0, |s| s.ports(side).len());
        let mut all = (0..ports).map(|port| PortAt { step, side, port });
        let fits = |port: &PortAt| matches!(connect.verdicts.get(port), Some(Ok(())));
        connect.target = all.clone().find(fits).or_else(|| all.next());
    }
}

impl Connect {
    /// Is the loose end still at the port that it came from?
    fn is_at_home(&self, canvas: &Canvas, scene: &Scene) -> bool {
        let reach = ATTRACTION / canvas.view.zoom;
        let home = canvas.cache.geometry.port(scene, self.from);
        home.is_none_or(|home| home.distance(self.pointer) <= reach)
    }
}

fn ask(connect: &mut Connect, hand: &Hand<'_, '_>, port: PortAt) {
    if connect.verdicts.contains_key(&port) {
        return;
    }
    let Some(other) = hand.scene.port_ref(port) else {
        return;
    };
    let (from, to) = Side::ordered(connect.from_ref.clone(), other);
    connect.verdicts.insert(port, (hand.rule)(&from, &to));
}

/// The loose end was let go.
pub fn finish(canvas: &mut Canvas, hand: &mut Hand<'_, '_>, connect: Connect) {
    let wire = connect.detached.and_then(|i| hand.scene.wires.get(i));
    let Some(target) = connect.target else {
        let screen = canvas.screen_point(connect.pointer);
        match wire {
            Some(wire) => hand.events.push(CanvasEvent::Disconnect { wire: wire.id.clone() }),
            // A second click on the same port: no wire after all.
            None if connect.sticky && connect.is_at_home(canvas, hand.scene) => {}
            None => hand.events.push(CanvasEvent::WireDropped { from: connect.from_ref, at: connect.pointer, screen }),
        }
        return;
    };
    if wire.is_some_and(|wire| wire.to == (target.step, target.port)) {
        return;
    }
    if !matches!(connect.verdicts.get(&target), Some(Ok(()))) {
        return;
    }
    let Some(other) = hand.scene.port_ref(target) else {
        return;
    };
    let (from, to): (PortRef, PortRef) = Side::ordered(connect.from_ref, other);
    hand.events.push(match wire {
        Some(wire) => CanvasEvent::Reconnect { wire: wire.id.clone(), from, to },
        None => CanvasEvent::Connect { from, to },
    });
}
