//! What an object store says: elements of its XML.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::events::Event;

/// The texts below each element of a name, by the names that lead to them (`Owner/ID`); the root stands for itself.
pub(super) fn elements(xml: &str, name: &str) -> Option<Vec<BTreeMap<String, String>>> {
    let mut reader = Reader::from_str(xml);
    let (mut found, mut open, mut text) = (Vec::new(), Vec::<String>::new(), String::new());
    let (mut inside, mut depth): (Option<BTreeMap<String, String>>, usize) = (None, 0);
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) => {
                let local = String::from_utf8_lossy(tag.local_name().as_ref().as_bytes()).into_owned();
                open.push(local);
                text.clear();
                if inside.is_none() && open.last().is_some_and(|last| last == name) {
                    (inside, depth) = (Some(BTreeMap::new()), open.len());
                }
            }
            Event::End(_) => {
                let ended = open.pop()?;
                if let Some(texts) = inside.as_mut().filter(|_| open.len() >= depth) {
                    let above = open[depth..].iter().map(String::as_str);
                    let way = above.chain([ended.as_str()]).collect::<Vec<_>>().join("/");
                    texts.insert(way, std::mem::take(&mut text));
                } else if open.len() + 1 == depth {
                    found.extend(inside.take());
                    depth = 0;
                }
            }
            Event::Text(part) => text.push_str(&part),
            Event::CData(part) => text.push_str(&part),
            Event::GeneralRef(name) => text.push_str(match &*name {
                "amp" => "&",
                "lt" => "<",
                "gt" => ">",
                "quot" | "#34" | "#x22" => "\"",
                "apos" => "'",
                _ => return None,
            }),
            Event::Eof => return open.is_empty().then_some(found),
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

/// The only element of a name.
pub(super) fn element(xml: &str, name: &str) -> Option<BTreeMap<String, String>> {
    elements(xml, name)?.into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_below_their_elements() {
        let xml = "<?xml version=\"1.0\"?><L xmlns=\"http://s3/\"><IsTruncated>false</IsTruncated><Contents><Key>a&amp;b\
                   </Key><ETag>&quot;1&quot;</ETag><Owner><ID>x</ID></Owner></Contents><Contents><Key>c</Key></Contents>\
                   <Next/></L>";
        let all = elements(xml, "Contents").unwrap();
        assert_eq!((all.len(), all[0]["Key"].as_str(), all[0]["ETag"].as_str()), (2, "a&b", "\"1\""));
        assert_eq!(all[0]["Owner/ID"], "x");
        assert_eq!(element(xml, "L").unwrap()["IsTruncated"], "false");
        assert_eq!(element(&xml[..40], "L"), None);
    }
}
