//! Questions in a table: CSV and its relatives.

use super::{FaqFile, FaqFileError};
use crate::extract::csv;

/// What columns of questions and of answers are called, in lower case.
const QUESTIONS: &str = "question questions q frage fragen pregunta preguntas domanda domande \
    pergunta perguntas vraag vragen pytanie soru вопрос سؤال 问题 phrasing phrasings";
const ANSWERS: &str = "answer answers a antwort antworten respuesta respuestas réponse reponse \
    réponses risposta risposte resposta respostas antwoord odpowiedź odpowiedz cevap yanıt ответ \
    إجابة جواب 答案 回答 response reply";

/// Reads a table; `None` if its first line does not name a column of each.
pub(super) fn read(text: &str, name: &str) -> Result<Option<FaqFile>, FaqFileError> {
    let (separator, text) = csv::separated(text, name);
    let mut reader = csv::reader(text, separator);
    let mut records = reader.records();
    let Some(Ok(header)) = records.next() else {
        return Ok(None);
    };
    let column = |names: &str| {
        header.iter().position(|cell| {
            let cell = cell.trim().trim_start_matches('\u{feff}').to_lowercase();
            names.split_whitespace().any(|name| name == cell)
        })
    };
    let (Some(questions), Some(answers)) = (column(QUESTIONS), column(ANSWERS)) else {
        return Ok(None);
    };
    let mut file = FaqFile::default();
    for record in records {
        let record = record?;
        let line = record
            .position()
            .map_or(0, |p| usize::try_from(p.line()).unwrap_or(0));
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let cell = |at: usize| record.get(at).unwrap_or_default();
        let phrasings = cell(questions).split('|').map(str::to_owned).collect();
        file.add(line, phrasings, cell(answers));
    }
    Ok(Some(file))
}
