//! Spanish.

use super::{Cues, Phrases, Theme};
use crate::agent::talk::Talk;

pub(super) const PHRASES: Phrases = Phrases {
    greeting: "¡Hola! ¿En qué puedo ayudarle?",
    how_are_you: "Muy bien, gracias por preguntar. ¿En qué puedo ayudarle?",
    thanks: "¡De nada! ¿Puedo ayudarle en algo más?",
    goodbye: "¡De nada y hasta pronto! Que tenga un buen día.",
    bot: "Soy un asistente de inteligencia artificial, no una persona. Respondo preguntas para \
        {business} con su propia información y puedo pasarle con el equipo.",
    capabilities: "Respondo preguntas sobre {business} con su propia información, por ejemplo sobre \
        horarios, precios y servicios. Si no sé algo, lo digo, y puedo pasarle con el equipo.",
    handover: "Le pongo en contacto con nuestro equipo: deje aquí su nombre y su teléfono o correo \
        electrónico y una persona del equipo le llamará.",
    noted: "Gracias, lo he anotado para nuestro equipo. Una persona del equipo se pondrá en \
        contacto con usted.",
    abuse: "Siento que esto sea frustrante. Quiero ayudarle: dígame qué necesita, o deje su nombre \
        y su teléfono o correo electrónico y una persona del equipo le contestará.",
    language: "Por supuesto, puede escribirme en español. Lo que cito puede estar en el idioma de \
        nuestros documentos.",
    unclear: "Perdone, no lo he entendido. ¿Puede hacer su pregunta en pocas palabras?",
    acknowledged: "Muy bien. ¿Puedo ayudarle en algo más?",
    refusal: "No encuentro eso en nuestra información y prefiero no adivinar. Si deja aquí su nombre \
        y su teléfono o correo electrónico, una persona del equipo le contestará.",
    related: "No he encontrado exactamente eso. Lo más parecido en nuestra información, aunque quizá no responda a su pregunta:",
    offer: "Si deja aquí su nombre y su teléfono o correo electrónico, alguien del equipo le responderá.",
    unanswered: "Sobre «{}» no he encontrado nada en nuestra información.",
    quoted: "En nuestros documentos dice:",
    older: "Un documento anterior, «{}», dice otra cosa; vale el más reciente.",
};

pub(super) const CUES: Cues = Cues {
    greetings: "hola|buenas|buenos dias|buenas tardes|buenas noches|buen dia|saludos|muy \
        buenas|hey|hay alguien|hay alguien ahi",
    how_are_you: "como estas|como esta|como esta usted|que tal|como va|como te va|como le va|todo \
        bien|que tal estas|que hay|como andas",
    thanks: "gracias|muchas gracias|mil gracias|muchisimas gracias|gracias por todo|por la \
        ayuda|por tu ayuda|por su ayuda|por la informacion|muy amable|te lo agradezco|se lo \
        agradezco|por todo",
    goodbye: "adios|chao|chau|hasta luego|hasta pronto|hasta manana|nos vemos|que tenga un buen \
        dia|que tengas un buen dia|buen fin de semana|hasta la vista|eso es todo|es todo|eso \
        era todo|nada mas|no gracias|buena noche|cuidate",
    bot: "quien eres|quien es usted|que eres|eres un bot|eres un robot|eres humano|eres una \
        persona|eres real|eres una maquina|eres una ia|es usted un robot|es usted una \
        persona|es usted un bot|es usted una persona real|eres una persona real|estoy hablando \
        con un robot|estoy hablando con una persona|estoy hablando con una maquina|hablo con \
        una persona|hablo con un robot|es un bot|esto es un bot|como te llamas|como se \
        llama|como se llama usted|cual es tu nombre|quien te creo|quien te hizo|cuantos anos \
        tienes",
    capabilities: "que puedes hacer|que puede hacer|que sabes hacer|en que puedes ayudarme|en que puede \
        ayudarme|como puedes ayudarme|como me puedes ayudar|que puedo preguntar|que puedo \
        preguntarte|ayuda|necesito ayuda|me puedes ayudar|puedes ayudarme|puede ayudarme|me \
        puede ayudar|tengo una pregunta|tengo una duda|una pregunta|tengo unas preguntas|como \
        funciona|como funciona esto|puedo hacerte una pregunta|puedo preguntar algo",
    acknowledgements: "ok|vale|de acuerdo|perfecto|genial|bien|muy \
        bien|bueno|entiendo|entendido|claro|estupendo|excelente|ya veo|listo|que bien",
    fillers: "a todos todo el mundo amigo amiga senor senora bot por favor jaja jajaja pues y muy \
        entonces tambien oye mira equipo hoy tu usted",
    verbs: "hablar comunicarme comunicar contactar conectar pasar pasame paseme ponme pongame \
        atienda atender hable chatear llamar conversar transferir transfiera",
    persons: "persona humano humana alguien agente operador operadora representante asesor asesora \
        recepcionista empleado encargado encargada gerente responsable",
    wish: "quiero quisiera necesito puedo puede podria me gustaria prefiero deseo",
    around: "quiero quisiera necesito puedo puede podria me gustaria prefiero deseo con una un el \
        la los las de del real verdadera verdadero de verdad viva fisica humana persona no \
        maquina robot bot y por favor ahora ya mismo directamente su equipo oficina que \
        alguien a en lugar otra aqui yo le si hay como para servicio al cliente atencion",
    callback: "llamame|llameme|que me llamen|me llamen|me pueden llamar|me puede llamar|puede \
        llamarme|pueden llamarme|me llame|devuelvanme la llamada|que me \
        llame|contactenme|llamenme",
    insults: "mierda puta puto idiota imbecil estupido estupida tonto tonta inutil gilipollas cabron \
        pendejo basura joder coño cono jodete carajo asco",
    insult_around: "eres es un una que vete a la tu te hijo de eso esto no sirves para nada callate no \
        sirve muy tan bot maquina robot usted son",
    complaints: "esto no ayuda|no me ayudas|no me ayuda|no me sirve|no me entiendes|no entiendes|eso no \
        es lo que pregunte|no es eso|esta mal",
    languages: "espanol|castellano|spanish",
    say: "habla hablar hable hablemos escribir escribe responde responder contesta en por favor \
        puedes podemos puede puedo me se a cambiar idioma al",
    yes: "si|si por favor|claro|por supuesto|claro que si",
    themes: &[Theme {
        talk: Talk::Bot,
        needs: [
            "bot robot humano humana maquina persona ia real",
            "eres usted esto tu hablo hablando es",
        ],
        around: "eres es usted un una o esto estoy hablando con hablo verdad de realmente tu acaso eres usted esto tu hablo hablando es",
    }],
};
