"""Cues of what is written for a language model, and not for readers: its role, its task, its output format.

Each decides alone: marked ``SURE`` wherever it stands, with ``ENOUGH`` between the stories, because in a
story somebody may well be told such things.
"""

from __future__ import annotations

from newsletter.editions.gate.talk.cue import ENOUGH, SURE, Cue, cue
from newsletter.editions.gate.talk.words import WORK

_WRITER = r"(?:编辑|助手|助理|专家|翻译|译者|记者|分析师|模型|机器人|AI|作者|写手|主编|撰稿人|工程师|角色)"
_WRITER_EN = r"(?:assistant|editor|expert|translator|journalist|writer|analyst|model|curator|summari[sz]er)"

PROMPTS: tuple[Cue, ...] = (
    # What a chat is made of when it is stored.
    cue(
        SURE,
        r"<\|(?:im_start|im_end|endoftext|system|user|assistant|begin_of_text|eot_id)\|>|\[/?INST\]"
        r"|<</?SYS>>",
    ),
    cue(
        SURE,
        r"^\s*#{0,4}\s*(?:system prompt|system message|系统提示词?|系统指令|user prompt|用户提示词?"
        r"|用户输入|prompt|提示词)\s*:",
    ),
    cue(SURE, r"^\s*#{2,4}\s*(?:instruction|response|input|output|指令|输入|输出)s?\s*:?"),
    cue(ENOUGH, r"^\s*(?:system|assistant|human|user|助手|用户)\s*:\s*\S"),
    # 你是一个专业的新闻编辑
    cue(
        SURE,
        rf"^\s*(?:现在|从现在起)?,?\s*[你您](?:现在)?(?:是|将扮演|要扮演|扮演)(?:一个|一名|一位|一款"
        rf"|专业|资深|我的)[^。!?]{{0,24}}?{_WRITER}",
    ),
    cue(SURE, rf"^\s*you are (?:a|an|my) (?:\w+\s+){{0,4}}?{_WRITER_EN}\b"),
    cue(SURE, r"^\s*ignore (?:all )?(?:previous|prior|the above) instructions"),
    cue(ENOUGH, r"[你您]的任务(?:是|为)|\byour task is|\byou will be (?:given|provided)"),
    # 请将以下新闻翻译成中文
    cue(
        SURE,
        rf"^\s*(?:请|请你|请您|帮我|麻烦)(?:将|把|对|根据|基于|从|用|以)?(?:以下|下面|上述|下列|这些"
        rf"|给定)(?:的)?[^。!?]{{0,30}}?{WORK}",
    ),
    cue(
        SURE,
        r"^\s*(?:please )?(?:translate|summari[sz]e|rewrite|rephrase) (?:the )?(?:following|below"
        r"|above|text|these|this)\b",
    ),
    # 请按照以下格式输出
    cue(
        SURE,
        r"^\s*请(?:严格)?(?:按照?|遵循|使用|以|用)(?:以下|下面|如下)?(?:的)?[^。!?]{0,10}?(?:格式|模板"
        r"|结构|要求|JSON|Markdown|语言|中文|风格)(?:来)?(?:进行)?(?:输出|返回|生成|回复|回答|撰写|写"
        r"|翻译|整理)",
    ),
    cue(SURE, r"(?:只|仅|直接)(?:需)?(?:要)?(?:输出|返回)(?:JSON|Markdown|结果|译文|正文|翻译|最终|新闻)"),
    cue(
        SURE,
        r"(?:不要|请勿|禁止|无需)(?:输出|包含|添加|返回)(?:任何|多余|其他|额外)(?:的)?(?:解释|内容"
        r"|说明|文字|前缀|信息|评论|废话)",
    ),
    cue(
        SURE,
        r"^\s*(?:输出格式|输出要求|格式要求|回复格式|返回格式|写作要求|翻译要求|任务要求|任务描述"
        r"|输出示例|字数要求)\s*(?::|$|如下)",
    ),
    cue(SURE, r"^\s*(?:output format|response format|instructions?|constraints?)\s*:\s*(?:$|\S)"),
    cue(
        SURE,
        r"\b(?:return|output|respond with) only (?:the |valid )?(?:json|markdown|translation|summary"
        r"|result|html)\b",
    ),
    cue(
        SURE,
        r"\bdo not (?:include|add|output) any (?:explanation|preamble|additional|extra|other"
        r"|commentary)\b",
    ),
    cue(
        ENOUGH,
        r"^\W*(?:语气|语言|风格|受众|字数|格式|角色|约束|要求|限制|输出|role|task|tone|style|format"
        r"|audience|length)\s*:",
    ),
    cue(
        ENOUGH,
        r"(?:字数|长度|篇幅|每条)[^,。!]{0,6}(?:控制|限制|保持)在|以\s*(?:Markdown|JSON|HTML|纯文本)"
        r"\s*(?:的)?(?:格式|形式)",
    ),
    cue(
        ENOUGH,
        r"(?:不要|请勿|禁止|不得|切勿)(?:编造|虚构|杜撰|遗漏|改变|翻译)|务必(?:保留|使用|按照|输出"
        r"|翻译|确保)",
    ),
    cue(
        ENOUGH,
        r"^\W*请(?:确保|保持|保留|使用|只|仅|严格|按照?|根据|选择|挑选|筛选|翻译|总结|概括|撰写|生成"
        r"|输出|逐条)[^。!]{0,30}(?:格式|输出|原文|字以?内|标题|翻译|摘要|要点|Markdown|JSON|条目|语气"
        r"|风格)",
    ),
    cue(
        ENOUGH,
        r"\b(?:in (?:markdown|json) format|for each (?:article|story|item),|step \d+: (?:translate"
        r"|summari|read|select|filter))",
    ),
    cue(
        ENOUGH,
        r"\bkeep (?:it|each|every|the summar\w+) \w+ (?:\w+ )?\d+ (?:words|characters)|\b(?:use"
        r"|maintain|write in) an? \w+(?: and \w+)?,? tone\b",
    ),
    cue(
        ENOUGH,
        r"\bwrite (?:the \w+ )?in (?:simplified )?(?:chinese|english)\b|\bdo not (?:mention"
        r"|hallucinate|make up|invent|translate)\b",
    ),
)
