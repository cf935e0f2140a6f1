//! Questions of kinds that public reports told of: rows that a figure names, and abbreviations that a document explains.

use serde_json::json;

use super::server::{Server, model, models};
use super::{settled, upload};

const BOATS: &str = "<!doctype html><html lang='en'><head><title>Boat hire | Reed Lake</title></head><body><main>\
    <h1>Boat hire</h1><table><thead><tr><th rowspan=2>Boat</th><th rowspan=2>For</th><th colspan=2>Price in GBP</th></tr>\
    <tr><th>May to June</th><th>July and August</th></tr></thead><tbody>\
    <tr><td rowspan=3>Kayak</td><td>1 hour</td><td>14</td><td>17</td></tr><tr><td>2 hours</td><td>24</td><td>29</td></tr>\
    <tr><td>4 hours</td><td>38</td><td>46</td></tr><tr><td rowspan=3>Canoe</td><td>1 hour</td><td>19</td><td>23</td></tr>\
    <tr><td>2 hours</td><td>33</td><td>40</td></tr><tr><td>4 hours</td><td>52</td><td>63</td></tr></tbody></table></main></body></html>";
const COURSES: &str = "# Courses at Harbour Hall\n\n\
    Cardiopulmonary resuscitation (CPR) is taught by our nurse. CPR: 95 dollars for four hours.\n\n\
    Stand-up paddling (SUP) starts at the jetty. SUP: 18 dollars an hour.\n\n\
    Knitting costs 12 dollars an evening.\n";
const PRACTICE: &str = "# Preise der Praxis am Ufer\n\n\
    Manuelle Lymphdrainage (MLD) macht Frau Arlt. MLD: 48 Euro für 45 Minuten.\n\n\
    Krankengymnastik (KG) dauert 30 Minuten. KG: 35 Euro.\n";

#[tokio::test]
async fn rows_are_found_by_their_figures_and_words_by_their_abbreviations() {
    if models().is_none() || model("frontdesk-reader").is_none() {
        println!("left out: get the models with `frontdesk models get --starter test`");
        return;
    }
    let server = Server::start(None);
    server.ready().await;
    for (name, text) in [
        ("boats.html", BOATS),
        ("courses.md", COURSES),
        ("praxis.md", PRACTICE),
    ] {
        let document = upload(&server, name, text.into()).await;
        assert_eq!(settled(&server, &document).await["state"], "ready");
    }
    for (question, answer) in [
        ("How much is a canoe for 2 hours in July?", "40"),
        ("What does a kayak cost for 4 hours in May?", "38"),
        ("What does a canoe for 4 hours cost in August?", "63"),
        ("What does cardiopulmonary resuscitation cost?", "95"),
        ("How much is stand-up paddling?", "18"),
        ("Was kostet eine Lymphdrainage?", "48"),
    ] {
        let asked = json!({"question": question});
        let (status, reply) = server.post_json("/api/v1/ask", asked).await;
        assert_eq!(status, 200, "{reply}");
        let told = reply["answer"].as_str().unwrap();
        assert!(told.contains(answer), "{question}: {reply}");
    }
}
