//! OpenAPI 3: what a GET answers in JSON is a source; an array of objects gives rows.

use serde_json::Value as Json;

use super::document::{text_at, warning_at};
use super::json_schema::Reader;
use super::{Read, object_at};
use crate::diagnostic::Diagnostic;

pub fn read(text: &str, document: &Json) -> Read {
    if document.get("openapi").is_none() {
        return Err(Diagnostic::error("PW0828", "this is an API description of version 2 (Swagger)")
            .help("convert it to OpenAPI 3 first"));
    }
    let mut reader = Reader::new(text, document);
    let mut found = Vec::new();
    for (path, item) in object_at(document, "paths") {
        let item = reader.resolved(item);
        let Some(get) = item.get("get") else { continue };
        let mut answers: Vec<(&String, &Json)> = object_at(get, "responses").collect();
        answers.retain(|(code, _)| code.starts_with('2'));
        answers.sort_by_key(|(code, _)| *code);
        let mut schemas = Vec::new();
        for (_, answer) in answers {
            let answer = reader.resolved(answer);
            let json = object_at(answer, "content").filter(|(kind, _)| is_json(kind));
            schemas.extend(json.filter_map(|(_, content)| content.get("schema")));
        }
        let Some(schema) = schemas.first() else { continue };
        let name = format!("GET {path}");
        let Some(mut declared) = reader.source(&name, schema) else {
            let message = format!("`{name}` answers no objects");
            reader.warnings.push(warning_at(text, path, message, "it is left out"));
            continue;
        };
        let titles = [text_at(get, "operationId"), text_at(get, "summary"), path.as_str()];
        declared.title = titles.into_iter().find(|title| !title.is_empty()).unwrap_or_default().to_owned();
        if let Some(doc) =
            [text_at(get, "description"), text_at(get, "summary")].into_iter().find(|one| !one.is_empty())
        {
            declared.doc = doc.to_owned();
        }
        found.push(declared);
    }
    Ok((found, reader.warnings))
}

fn is_json(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_lowercase();
    kind == "*/*" || kind.ends_with("/json") || kind.ends_with("+json") || kind.ends_with("ndjson")
}

#[cfg(test)]
mod tests {
    use super::super::document::read_document;
    use super::*;

    const SHOP: &str = "
openapi: 3.0.3
paths:
  /orders:
    get:
      operationId: listOrders
      summary: All orders
      responses:
        '404': {description: none}
        '200':
          description: ok
          content:
            application/json:
              schema:
                type: object
                properties:
                  next: {type: string}
                  data:
                    type: array
                    items: {$ref: '#/components/schemas/Order'}
    post: {responses: {}}
  /health:
    get:
      responses:
        '200': {content: {application/json: {schema: {type: string}}}}
  /services:
    get:
      responses:
        default: {$ref: '#/components/responses/Any'}
        2XX: {$ref: '#/components/responses/Services'}
components:
  responses:
    Services: {content: {application/json: {schema: {type: array, items: {properties: {name: {type: string}}}}}}}
  schemas:
    Order:
      type: object
      required: [id, total]
      properties:
        id: {type: integer}
        total: {type: number, nullable: true, description: In euros}
";

    #[test]
    fn answers_of_gets_are_sources() {
        let (found, warnings) = read(SHOP, &read_document(SHOP).unwrap()).unwrap();
        let shown: Vec<(&str, &str)> = found.iter().map(|one| (one.name.as_str(), one.title.as_str())).collect();
        assert_eq!(shown, [("GET /orders", "listOrders"), ("GET /services", "/services")]);
        let orders: Vec<String> = found[0].fields.iter().map(|one| format!("{} {}", one.name, one.data_type)).collect();
        assert_eq!(orders, ["id Int", "total Float"], "rows of the envelope");
        assert_eq!((found[0].fields[0].required, found[0].fields[1].required), (true, false));
        assert_eq!((warnings.len(), warnings[0].location.line), (1, Some(22)));
        assert!(read("{}", &serde_json::json!({"swagger": "2.0"})).unwrap_err().help.unwrap().contains("convert"));
    }
}
