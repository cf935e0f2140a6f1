//! Portuguese.

use super::{Cues, Phrases};

pub(super) const PHRASES: Phrases = Phrases {
    greeting: "Olá! Como posso ajudar?",
    how_are_you: "Tudo bem, obrigado por perguntar. Como posso ajudar?",
    thanks: "De nada! Posso ajudar em mais alguma coisa?",
    goodbye: "De nada e até logo! Tenha um bom dia.",
    bot: "Sou um assistente de inteligência artificial, não uma pessoa. Respondo a perguntas \
        para {business} com as próprias informações e posso encaminhar você para a equipe.",
    capabilities: "Respondo a perguntas sobre {business} com as próprias informações, por exemplo sobre \
        horários, preços e serviços. Quando não sei, digo, e posso encaminhar você para a \
        equipe.",
    handover: "Vou colocar você em contato com a nossa equipe: deixe aqui seu nome e telefone ou \
        e-mail e uma pessoa da equipe vai ligar de volta.",
    noted: "Obrigado, anotei isso para a nossa equipe. Uma pessoa da equipe entrará em contato.",
    abuse: "Sinto muito que isto seja frustrante. Quero ajudar: diga do que precisa, ou deixe seu \
        nome e telefone ou e-mail e uma pessoa da equipe responderá.",
    language: "Claro, pode escrever em português. O que eu cito pode estar no idioma dos nossos \
        documentos.",
    unclear: "Desculpe, não entendi. Pode fazer a pergunta em poucas palavras?",
    acknowledged: "Certo. Posso ajudar em mais alguma coisa?",
    refusal: "Não encontro isso nas nossas informações e prefiro não adivinhar. Se deixar aqui seu \
        nome e telefone ou e-mail, uma pessoa da equipe responderá.",
    related: "Não encontrei exatamente isso. O mais próximo nas nossas informações, embora talvez não responda à sua pergunta:",
    offer: "Se deixar aqui o seu nome e telefone ou e-mail, alguém da equipa responde-lhe.",
    unanswered: "Sobre «{}» não encontrei nada nas nossas informações.",
    quoted: "Os nossos documentos dizem:",
    older: "Um documento mais antigo, «{}», diz outra coisa; vale o mais recente.",
};

pub(super) const CUES: Cues = Cues {
    greetings: "ola|oi|oie|bom dia|boa tarde|boa noite|alo|e ai|saudacoes|hey|tem alguem ai",
    how_are_you: "tudo bem|como vai|como esta|como voce esta|como vai voce|tudo bom|como estas|como vao \
        as coisas|beleza",
    thanks: "obrigado|obrigada|muito obrigado|muito obrigada|brigado|valeu|agradeco|obrigadao|pela \
        ajuda|por tudo|pela informacao|pela resposta|grato|grata",
    goodbye: "tchau|adeus|ate logo|ate mais|ate amanha|ate breve|tenha um bom dia|um bom dia|bom fim \
        de semana|e so isso|so isso|isso e tudo|e tudo|nada mais|nao obrigado|nao \
        obrigada|falou",
    bot: "quem e voce|o que e voce|voce e um robo|voce e um bot|voce e humano|voce e uma \
        pessoa|voce e real|voce e uma maquina|voce e uma ia|voce e uma pessoa real|voce e uma \
        pessoa de verdade|es um robo|es humano|estou falando com um robo|estou falando com uma \
        pessoa|estou falando com uma maquina|estou a falar com um robo|falo com uma \
        pessoa|falo com um robo|isto e um robo|isso e um robo|qual e o seu nome|qual o seu \
        nome|qual e o teu nome|como voce se chama|quantos anos voce tem|quem criou voce|quem \
        te criou",
    capabilities: "o que voce pode fazer|o que voce faz|o que voce sabe fazer|o que podes fazer|como voce \
        pode ajudar|como voce pode me ajudar|como pode me ajudar|o que posso \
        perguntar|ajuda|preciso de ajuda|pode me ajudar|voce pode me ajudar|podes ajudar|pode \
        ajudar|tenho uma pergunta|tenho uma duvida|uma pergunta|uma duvida|como funciona|posso \
        fazer uma pergunta",
    acknowledgements: "ok|certo|perfeito|otimo|bom|muito bom|bem|muito \
        bem|entendi|entendido|legal|beleza|esta bem|ta bom|claro|excelente|maravilha|que bom",
    fillers: "a todos todos pessoal gente amigo amiga senhor senhora bot por favor haha kkk rsrs \
        entao e muito tambem ainda hoje voce tu equipe equipa",
    verbs: "falar conversar contatar contactar passar passe conectar transferir transfira ligar \
        comunicar encaminhar",
    persons: "pessoa humano humana alguem atendente agente operador operadora funcionario \
        funcionaria representante gerente responsavel recepcionista",
    wish: "quero queria gostaria preciso posso pode poderia prefiro desejo",
    around: "quero queria gostaria preciso posso pode poderia prefiro desejo de com uma um o a os \
        as real verdade verdadeira humano humana pessoa nao maquina robo bot e por favor agora \
        ja mesmo diretamente da do sua equipe equipa escritorio vez em me eu alguem outra aqui \
        para que atendimento ao cliente",
    callback: "me ligue|me liguem|me ligar|liguem me|ligue me|ligar de volta|me liga|retornar a \
        ligacao|podem me ligar|pode me ligar|entre em contato|me ligue de volta|me retorne",
    insults: "merda porra caralho idiota estupido estupida burro burra imbecil inutil puta fdp foder \
        foda lixo otario babaca cala",
    insult_around: "voce e um uma seu sua que tu es isto isso vai se a boca te bot robo maquina nao serve \
        para nada muito tao filho da so",
    complaints: "isso nao ajuda|nao ajudou|nao me ajudou|voce nao entende|nao foi isso que \
        perguntei|esta errado|isto nao ajuda",
    languages: "portugues|portuguese",
    say: "fala falar fale falemos escrever escreva responda responder em por favor pode podemos \
        posso voce comigo para o",
    yes: "sim|sim por favor|claro|com certeza|quero sim",
    themes: &[],
};
