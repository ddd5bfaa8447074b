//! Guesses the columns of JSON objects from sampled ones. Imports data.

use super::infer::TextGuess;
use super::json::{Fault, Kind, Scanner};
use super::numbers;
use crate::data::{DataType, Field, Schema};

/// Fields of a nested object beyond which its keys are taken for data: it becomes one text.
const MAX_FIELDS: usize = 256;
/// Columns beyond which further keys are counted as unknown.
const MAX_COLUMNS: usize = 2000;
/// Depth of typed objects and arrays; what lies deeper becomes text.
const MAX_TYPED_DEPTH: u32 = 8;

/// What the values of one column have in common so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Shape {
    /// Only nulls.
    #[default]
    Empty,
    Boolean,
    Int,
    /// Whole numbers, one at least of which a float does not hold.
    LargeInt,
    Float,
    Text(TextGuess),
    List(Box<Shape>),
    /// In the order in which the keys appeared.
    Record(Vec<(String, Shape)>),
    /// Values of several kinds, or numbers too large: kept as JSON text.
    Mixed,
}

impl Shape {
    /// Widens the shape by the value that is next.
    pub fn absorb(&mut self, scanner: &mut Scanner) -> Result<(), Fault> {
        self.absorb_at(scanner, 0)
    }

    fn absorb_at(&mut self, scanner: &mut Scanner, depth: u32) -> Result<(), Fault> {
        match scanner.kind()? {
            Kind::Null => scanner.null(),
            Kind::Boolean => {
                scanner.boolean()?;
                self.widen(Shape::Boolean);
                Ok(())
            }
            Kind::Number => {
                let (text, whole) = scanner.number()?;
                self.widen(match whole {
                    true if numbers::int(text.as_bytes()).is_none() => Shape::Mixed,
                    true if numbers::is_rounded(text) => Shape::LargeInt,
                    true => Shape::Int,
                    false => Shape::Float,
                });
                Ok(())
            }
            Kind::Text => {
                let text = scanner.quoted()?.to_text();
                if *self == Shape::Empty {
                    *self = Shape::Text(TextGuess::default());
                }
                match self {
                    Shape::Text(guess) => guess.add(&text),
                    _ => *self = Shape::Mixed,
                }
                Ok(())
            }
            Kind::List | Kind::Record if depth >= MAX_TYPED_DEPTH => {
                *self = Shape::Mixed;
                scanner.skip().map(|_| ())
            }
            Kind::List => self.absorb_list(scanner, depth),
            Kind::Record => self.absorb_record(scanner, depth),
        }
    }

    fn widen(&mut self, other: Shape) {
        match (&*self, other) {
            (Shape::Empty, other) => *self = other,
            (Shape::Int, Shape::Float) => *self = Shape::Float,
            (Shape::Int, Shape::LargeInt) => *self = Shape::LargeInt,
            // Beside a fraction they would be rounded, and identifiers become one: kept as they are written.
            (Shape::Float, Shape::Int) | (Shape::LargeInt, Shape::Int) => {}
            (known, other) if *known == other => {}
            _ => *self = Shape::Mixed,
        }
    }

    fn absorb_list(&mut self, scanner: &mut Scanner, depth: u32) -> Result<(), Fault> {
        if *self == Shape::Empty {
            *self = Shape::List(Box::default());
        }
        let Shape::List(item) = self else {
            *self = Shape::Mixed;
            return scanner.skip().map(|_| ());
        };
        let mut more = scanner.enter(b']')?;
        while more {
            item.absorb_at(scanner, depth + 1)?;
            more = scanner.next(b']')?;
        }
        Ok(())
    }

    fn absorb_record(&mut self, scanner: &mut Scanner, depth: u32) -> Result<(), Fault> {
        if *self == Shape::Empty {
            *self = Shape::Record(Vec::new());
        }
        let Shape::Record(fields) = self else {
            *self = Shape::Mixed;
            return scanner.skip().map(|_| ());
        };
        let limit = if depth == 0 { MAX_COLUMNS } else { MAX_FIELDS + 1 };
        let mut more = scanner.enter(b'}')?;
        let mut expected = 0;
        while more {
            let key = scanner.key()?.to_text();
            let place = match fields.get(expected) {
                Some((name, _)) if *name == key => Some(expected),
                _ => fields.iter().position(|(name, _)| *name == key),
            };
            match place {
                Some(place) => {
                    fields[place].1.absorb_at(scanner, depth + 1)?;
                    expected = place + 1;
                }
                None if fields.len() < limit => {
                    let mut shape = Shape::Empty;
                    shape.absorb_at(scanner, depth + 1)?;
                    fields.push((key, shape));
                    expected = fields.len();
                }
                None => {
                    scanner.skip()?;
                }
            }
            more = scanner.next(b'}')?;
        }
        Ok(())
    }

    /// The column type: what only nulls, an empty object or mixed values have shown is String.
    fn data_type(&self) -> DataType {
        match self {
            Shape::Empty | Shape::Mixed => DataType::String,
            Shape::Boolean => DataType::Boolean,
            Shape::Int | Shape::LargeInt => DataType::Int,
            Shape::Float => DataType::Float,
            // In JSON a text that looks like a number or boolean was meant as text.
            Shape::Text(guess) => match guess.data_type() {
                time @ (DataType::Timestamp | DataType::Date) => time,
                _ => DataType::String,
            },
            Shape::List(item) => DataType::List(Box::new(item.data_type())),
            Shape::Record(fields) if fields.is_empty() || fields.len() > MAX_FIELDS => DataType::String,
            Shape::Record(fields) => {
                DataType::Record(fields.iter().map(|(name, shape)| (name.clone(), shape.data_type())).collect())
            }
        }
    }

    /// The columns, where the absorbed values were objects.
    pub fn schema(&self) -> Schema {
        match self {
            Shape::Record(fields) => {
                Schema::new(fields.iter().map(|(name, shape)| Field::new(name, shape.data_type())).collect())
            }
            _ => Schema::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(objects: &[&str]) -> String {
        let mut shape = Shape::Empty;
        for object in objects {
            shape.absorb(&mut Scanner::new(object)).unwrap();
        }
        let fields = shape.schema().fields;
        fields.iter().map(|field| format!("{} {}", field.name, field.data_type)).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn columns_take_the_type_that_all_values_share() {
        assert_eq!(
            columns(&[
                r#"{"i":1,"f":1,"b":true,"t":"2024-01-01T00:00:00Z","d":"2024-01-01","s":"12","n":null}"#,
                r#"{"i":2,"f":1.5,"b":null,"t":"2024-01-01 00:00:00+01","d":"2024-01-02","s":"x","m":1}"#,
                r#"{"m":"x"}"#,
            ]),
            "i Int, f Float, b Boolean, t Timestamp, d Date, s String, n String, m String"
        );
        assert_eq!(columns(&[r#"{"big":18446744073709551615}"#]), "big String");
        for (numbers, wanted) in [
            (&["9007199254740993", "1"][..], "n Int"),
            (&["1", "9007199254740993"], "n Int"),
            (&["9007199254740993", "0.5"], "n String"),
            (&["0.5", "1", "9007199254740993"], "n String"),
            (&["0.5", "9007199254740992"], "n Float"),
        ] {
            let objects: Vec<String> = numbers.iter().map(|number| format!("{{\"n\":{number}}}")).collect();
            assert_eq!(columns(&objects.iter().map(String::as_str).collect::<Vec<_>>()), wanted);
        }
        assert_eq!(columns(&[r#"{"t":"2024-01-01T00:00:00Z"}"#, r#"{"t":"xxx"}"#]), "t String");
    }

    #[test]
    fn nested_values_become_lists_and_records() {
        assert_eq!(
            columns(&[r#"{"a":{"x":1},"l":[1,2.5],"e":{},"n":[]}"#, r#"{"a":{"y":"z","x":null},"l":[],"e":{}}"#]),
            r#"a Record{"x": Int, "y": String}, l List<Float>, e String, n List<String>"#
        );
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(20), "]".repeat(20));
        assert!(columns(&[&deep]).ends_with("List<String>>>>>>>"));
        let wide: Vec<String> = (0..300).map(|key| format!("\"k{key}\":1")).collect();
        assert_eq!(columns(&[&format!("{{\"map\":{{{}}}}}", wide.join(","))]), "map String");
    }
}
