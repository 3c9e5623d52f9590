/** A small lexicon, kept to words that are hardly ever anything else. Offensive by nature. Lower case, folded. */
export const TOXICITY_WORDS = {
  slur: "nigger|niggers|nigga|niggas|niggaz|sandnigger|sand nigger|faggot|faggots|kike|kikes|wetback|wetbacks|towelhead|towelheads|raghead|ragheads|spics|gooks|jigaboo|porch monkey|darkie|darkies|tranny|trannies|shemale|untermensch|untermenschen|chinaman go home|ching chong|支那猪|支那人|支那狗|黑鬼|尼哥|白皮猪|棒子狗|日本鬼子去死|绿绿去死|死基佬|死娘炮|死同性恋|绝根猪",
  selfHarm:
    "kill yourself|kill your self|kill urself|go kill yourself|kys|hang yourself|slit your wrists|cut your wrists|end your life|you should die|go die|drink bleach|neck yourself|do us a favor and die|the world would be better without you|nobody would miss you|你去死|去死吧|你怎么不去死|快去死|赶紧去死|自杀吧|你去自杀|去跳楼吧|你怎么不跳楼|割腕吧|死了算了吧你|活着浪费空气",
  threat:
    "i will kill you|i'll kill you|im going to kill you|i'm going to kill you|i am going to kill you|we will kill you|we'll kill you|i will murder you|i'll murder you|i will rape you|i'll rape you|i will find you and kill|i will hurt you|i'll hurt you|i will hunt you down|i'll hunt you down|i will burn your house|you will die|you're going to die|we know where you live|i know where you live|i will shoot you|i'll shoot you|i will stab you|我要杀了你|我杀了你|我会杀了你|弄死你|砍死你|打死你|杀你全家|杀了你全家|灭你全家|我要弄死|捅死你|炸死你|我知道你住哪",
  hate: "gas the jews|kill all jews|kill all muslims|kill all blacks|kill all whites|kill all gays|kill all women|death to all jews|death to all muslims|exterminate the jews|heil hitler|white power forever|杀光黑人|杀光日本人|杀光穆斯林|杀光犹太人",
  insult:
    "you piece of shit|piece of shit|you fucking idiot|fuck you|fuck off|motherfucker|cunt|you are worthless|you're worthless|retard|retards|retarded|dumb bitch|stupid bitch|傻逼|傻屄|煞笔|操你妈|草泥马|艹你妈|你妈死了|妈的智障|狗娘养的|婊子|贱人|贱货|脑残|废物东西|王八蛋|滚你妈|日你妈|畜生不如",
  /** Somebody writes about such words, quotes them, or helps those who are hurt by them. */
  mention:
    "slur|slurs|racist term|derogatory|pejorative|epithet|offensive word|offensive term|hate speech|profanity|moderation|toxicity|blocklist|lexicon|lyrics|novel|etymology|suicide prevention|hotline|crisis line|helpline|诋毁|贬义|蔑称|侮辱性|脏话|仇恨言论|敏感词|审核|自杀干预|心理援助|热线",
} as const satisfies Record<string, string>;
