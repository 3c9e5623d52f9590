/**
 * The words that instructions aimed at a model are made of, by the part they play. Lower case, as `fold` leaves a
 * text. Several languages stand in one group, since a chain of groups means the same in each.
 */
export const INJECTION_WORDS = {
  /** Setting aside: only the forms of a command, so that "the loader ignores all previous rules" is no match. */
  ignore:
    "ignore|disregard|forget|overlook|pay no attention to|do not follow|don't follow|stop following|do not obey|don't obey|discard|dismiss|erase|abandon|ignora|ignorá|ignore|olvida|olvide|omite|omita|ignorez|oubliez|oublie|ne tenez pas compte|ignoriere|vergiss|missachte|ignorieren sie|vergessen sie|esqueça|esquece|dimentica|ignorare|игнорировать|игнорируй|игнорируйте|забудь|забудьте|zignoruj|αγνοήστε|αγνόησε|تجاهل|zapomnij|negeer|vergeet|görmezden gel|unut|abaikan|lupakan|無視し|無視して|忘れて|무시하고|무시해|잊어|忽略|无视|無視|忘记|忘記|忘掉|不要理会|不要遵守|不要遵循|不再遵守|不再遵循|不用管|别管|抛弃|摒弃|抛开",
  ignoreLast:
    "無視し|無視する|無視せよ|忘れて|무시하고|무시해|무시하십시오|무시하세요|무시하라|잊어|अनदेखी|अनदेखा|ignorieren|vergessen|görmezden gel|yok say",
  override:
    "override|bypass|overrule|circumvent|break free of|break out of|绕过|突破|覆盖|推翻|违反",
  /** Which ones: what stands before the reader's own text, or belongs to the model. */
  scope:
    "previous|previously|prior|above|preceding|earlier|former|foregoing|before|so far|until now|up to now|your|original|initial|system|system's|developer|safety|existing|past|all of the|anteriores|anterior|previas|previos|arriba|précédentes|précédente|précédents|antérieures|ci-dessus|vorherigen|vorherige|bisherigen|obigen|vorigen|precedenti|precedente|sopra|предыдущие|предыдущих|предыдущее|прежние|poprzednie|vorige|bovenstaande|eerdere|önceki|sebelumnya|pré-existentes|προηγούμενες|السابقة|पिछले|पहले के|vorangegangenen|これまでの|以前の|上記の|前の|이전의|이전|위의|之前|以上|先前|前面|上面|此前|上述|原有|原来|原先|你的|您的|系统|既定|预设|所有|全部|一切|任何",
  /** What a model was given. */
  instruction:
    "instruction|instructions|directive|directives|prompt|prompts|system prompt|programming|guidance|training|instrucciones|instrucción|indicaciones|directivas|consignes|instructions|anweisungen|anweisung|instruktionen|vorgaben|instruções|istruzioni|инструкции|инструкций|указания|instrukcje|instructies|talimatları|talimatlar|instruksi|perintah|οδηγίες|التعليمات|निर्देशों|निर्देश|указаний|指示|命令|プロンプト|지시|지시사항|명령|指令|提示词|提示|指引|设定|提示語",
  /** Words that also mean the settings of a program; they need a scope of the model's own. */
  rule: "rule|rules|guideline|guidelines|constraint|constraints|restriction|restrictions|order|orders|command|commands|policy|policies|safeguard|safeguards|limitation|limitations|filters|reglas|règles|regeln|regole|regras|правила|规则|规定|限制|约束|要求|准则|政策|安全措施",
  told: "everything you have been told|everthing you have been told|everything you were told|everything that you were told|all you've been told|all that you've been instructed|what you were told|what you have been told|what you've been told|anything you were told|everything above|everything before|everything you know|all of the above instructions|the above and|todo lo anterior|tout ce qui précède|alles bisherige|alles zuvor|tutto quanto sopra|all the text above|the text above",

  reveal:
    "reveal|disclose|leak|divulge|expose|print|output|repeat|recite|show me|show|tell me|tell us|give me|share|send me|display|dump|what is|what's|what are|what was|what were|translate|write down|spell out|revela|revele|muestra|muéstrame|dime|cuál es|révélez|révèle|montre|affiche|quelle est|quel est|zeige|verrate|gib|was ist|wie lautet|rivela|mostra|qual è|qual é|покажи|раскрой|какой|какова|透露|泄露|泄漏|显示|输出|打印|告诉我|说出|复述|重复|展示|公开|给出|发给我|教えて|表示|알려|보여",
  /** What a model keeps to itself. */
  private:
    "your system prompt|your prompt|your initial prompt|your original prompt|your initial instructions|your original instructions|your instructions|your hidden instructions|your secret instructions|your internal instructions|your system message|your secret|your secrets|your secret key|your password|your api key|your api keys|your credentials|your confidential|your rules|your guidelines|the system prompt|the system message|the hidden prompt|the hidden instructions|the initial prompt|the prompt above|the instructions above|the words above|the text above|the secret key|the secret word|the secret code|the secret|system instructions verbatim|tus instrucciones|tu clave secreta|tu clave|la clave secreta|la clave|votre clé secrète|ta clé secrète|la clé secrète|clé secrète|dein geheimer schlüssel|deinen geheimen schlüssel|der geheime schlüssel|geheimer schlüssel|geheimschlüssel|tua chiave segreta|chiave segreta|chave secreta|секретный ключ|твой ключ|系统提示词|系统提示|系统指令|初始指令|初始提示|原始指令|内部指令|隐藏指令|你的提示词|你的指令|你的设定|你的密钥|你的密码|你的秘密|秘密密钥|秘密钥匙|秘钥|密钥|システムプロンプト|秘密鍵|秘密の鍵|秘密のキー|시스템 프롬프트|비밀 키|비밀키|비밀 열쇠",

  /** Taking over who the model is. */
  takeover:
    "you are now dan|do anything now|you are now in developer mode|you are now in debug mode|you are now in admin mode|you are now in god mode|developer mode enabled|developer mode is now enabled|jailbreak mode|jailbroken|enter developer mode|enter debug mode|enter admin mode|enter god mode|enter sudo mode|enter maintenance mode|you are now unrestricted|you have no restrictions|without any restrictions or|free from all restrictions|not bound by any rules|not bound by any restrictions|do not have to abide by|system override|system mode on|override your programming|override your instructions|override your safety|disable your safety|turn off your safety|disable your filters|new instructions from|your new instructions are|your new instructions|your new task is to|your real task is|your true purpose is|your new role is|进入开发者模式|进入越狱模式|越狱模式|开发者模式已启用|你现在没有任何限制|你不受任何限制|不受任何规则|不受任何约束|没有任何限制的ai|你的新任务是|你的新指令|新的系统指令|解除所有限制|解除限制",
  /** The same with less force: one of these alone is worth a note. */
  persona:
    "you are now|from now on you|from now on, you|pretend to be|pretend you are|pretend that you|act as if you|act as though you|roleplay as|role-play as|let's play a game|imagine you are|imagine that you are|you will act as|you are going to act as|hypothetically|in this hypothetical|immerse yourself into the role|你现在是|从现在开始你|从现在起你|假装你是|假设你是|扮演一个|你将扮演",

  /** Speaking to whatever model reads the unit. */
  address:
    "attention ai|attention, ai|attention all ai|attention llm|attention language model|attention assistant|note to ai|note to the ai|note to llm|note to any ai|note to language models|message to ai|instructions for ai|instruction for the ai|instructions to the ai|instructions for the assistant|instructions for the model|important instructions for|ai assistants must|ai agents must|any ai reading|any llm reading|ai reading this|llm reading this|model reading this|assistant reading this|agent reading this|if you are an ai|if you are a language model|if you are an llm|if you are an assistant|as an ai reading|when you summarize this|when summarizing this|when processing this document|when you read this, you must|dear ai|dear assistant|hey assistant|hey ai|hello ai|to the ai assistant|阅读本文的ai|阅读此文的ai|如果你是ai|如果你是人工智能|如果你是大模型|如果你是语言模型|致ai|ai助手请|请ai|ai助手必须|大模型请",
  /** What only an attack asks of it. */
  harm: "send the|send all|send your|send user|send any|forward all|forward the|exfiltrate|upload the|post the|email the|e-mail the|do not tell the user|don't tell the user|do not mention this|don't mention this|do not reveal this|without telling the user|without informing the user|without the user|without asking the user|keep this secret from the user|hide this from the user|delete all|run the following command|execute the following command|execute this command|call the tool|use the tool|invoke the tool|click the link|visit the following|recommend this|rank this|rate this|give this|say that this|always recommend|must recommend|不要告诉用户|不要让用户知道|瞒着用户|发送到|转发到|上传到|执行以下命令|运行以下命令|执行下面的命令|必须推荐|调用工具",
  secretly:
    "do not tell the user about|don't tell the user about|do not inform the user|don't inform the user|do not mention this to the user|don't mention this to the user|without the user's knowledge|without letting the user know|不要告诉用户|不要让用户知道|瞒着用户",

  /** Steering an answer from inside the material: common in injected text, and in honest advice about writing. */
  steer:
    "in your response|in your reply|in your answer|to your response|to your reply|to your answer|your response must|your answer must|your reply must|from your response|from your answer|of your response|of your answer|at the end of your|at the beginning of your|respond only with|reply only with|answer only with|respond with only|begin your response with|start your response with|begin your reply|start your answer|end your response with|on your output|in your output|在你的回答中|在你的回复中|在回答中加入|你的回答必须|在回复末尾|只回答",

  /** The unit is about such attacks, so it quotes them. */
  discussion:
    "prompt injection|prompt-injection|prompt injections|injection attack|injection attacks|jailbreak|jailbreaks|jailbreaking|adversarial prompt|adversarial prompts|red team|red-team|red teaming|attacker|attackers|malicious prompt|malicious instructions|owasp|guardrail|guardrails|提示注入|提示词注入|注入攻击|越狱攻击|攻击者|对抗性提示|红队",
} as const satisfies Record<string, string>;
