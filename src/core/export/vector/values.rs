//! Values of VRL, which has no functions of one's own and wants to know of each call whether it can fail: they are bound to
//! variables, looked at for null, and taken as what they are.

use std::cell::Cell;
use std::fmt::{Display, Write as _};

use crate::data::DataType;
use crate::diagnostic::Diagnostic;
use crate::export::agent;

/// VRL, or why there is none.
pub type Printed = Result<Vrl, Diagnostic>;

/// An expression of VRL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vrl {
    pub text: String,
    /// It is never null, which the compiler sees, too: then it is no fault to take it as what it is, and an error to say
    /// what happens if it is not.
    pub is_sure: bool,
}

impl Vrl {
    pub fn sure(text: impl Into<String>) -> Vrl {
        Vrl { text: text.into(), is_sure: true }
    }

    /// It may be null.
    pub fn open(text: impl Into<String>) -> Vrl {
        Vrl { text: text.into(), is_sure: false }
    }
}

/// The fault of what is not carried.
pub fn refuse(what: impl Display) -> Diagnostic {
    agent::refuse("Vector", what)
}

/// What the compiler is told that a value is, if it is not null.
fn taken(data_type: &DataType, name: &str) -> String {
    match data_type {
        DataType::Boolean => format!("bool!({name})"),
        DataType::Int | DataType::Timestamp | DataType::Date | DataType::Duration => format!("int!({name})"),
        DataType::Float => format!("float!({name})"),
        _ => format!("string!({name})"),
    }
}

/// A Float, written out: VRL knows no exponents.
pub fn float_text(float: f64) -> String {
    let text = format!("{float}");
    if text.contains('.') { text } else { text + ".0" }
}

/// The variables of a program.
#[derive(Debug, Default)]
pub struct Values(Cell<usize>);

impl Values {
    /// A name that no other value has.
    pub fn variable(&self) -> String {
        self.0.set(self.0.get() + 1);
        format!("v{}", self.0.get())
    }

    /// What is made of values, and null where one of them is.
    pub fn with(&self, values: &[(Vrl, DataType)], body: impl FnOnce(&[String]) -> String) -> Vrl {
        let (mut text, mut names, mut nulls) = (String::new(), Vec::new(), Vec::new());
        for (value, data_type) in values {
            let name = self.variable();
            let _ = write!(text, "{name} = {}; ", value.text);
            if value.is_sure {
                names.push(name);
                continue;
            }
            names.push(taken(data_type, &name));
            nulls.push(format!("{name} == null"));
        }
        let body = body(&names);
        match nulls.is_empty() {
            true => Vrl::sure(format!("{{ {text}{body} }}")),
            false => Vrl::open(format!("{{ {text}if {} {{ null }} else {{ {body} }} }}", nulls.join(" || "))),
        }
    }

    /// The same, where the result may be null in any case.
    pub fn perhaps(&self, values: &[(Vrl, DataType)], body: impl FnOnce(&[String]) -> String) -> Vrl {
        Vrl { is_sure: false, ..self.with(values, body) }
    }

    /// The one where a condition holds, else the other.
    pub fn either(&self, when: &Vrl, then: Vrl, otherwise: Vrl) -> Vrl {
        let name = self.variable();
        let is_sure = then.is_sure && otherwise.is_sure;
        let text = format!(
            "{{ {name} = {}; if {name} == true {{ {} }} else {{ {} }} }}",
            when.text, then.text, otherwise.text
        );
        Vrl { text, is_sure }
    }

    pub fn negated(&self, value: Vrl, negated: bool) -> Vrl {
        if !negated {
            return value;
        }
        let name = self.variable();
        match value.is_sure {
            true => Vrl::sure(format!("{{ {name} = {}; {name} == false }}", value.text)),
            false => Vrl::open(format!(
                "{{ {name} = {}; if {name} == null {{ null }} else {{ {name} == false }} }}",
                value.text
            )),
        }
    }
}

/// Whether a Float is out of range.
pub fn is_beyond(name: &str) -> String {
    let largest = float_text(f64::MAX);
    format!("{name} > {largest} || {name} < -{largest}")
}
