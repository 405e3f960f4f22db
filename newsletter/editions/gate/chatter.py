"""A language model that talks to its operator, or the operator's words to it, is no news.

A story may be about prompts and assistants: what stands in quotation marks, in a quote or in code is
not the model's own talk.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Remark
from newsletter.editions.gate.headlines import headlines_of
from newsletter.editions.gate.passages import Place, unquoted

_START = r"(?:^|(?<=[。！!？?；;：:\n]))[\s*#>\-—]*"
_YOU = r"(?:您|你)"
_MATERIAL = (
    r"(?:新闻|文本|原文|来源|链接|文章|素材|数据|信息|内容|材料|网址|RSS|订阅|需要(?:翻译|处理|总结"
    r"|整理)|要(?:翻译|处理|总结|整理))"
)

# Nobody says this to readers, wherever it stands.
_CHATTER = re.compile(
    rf"{_START}(?:好的|没问题|当然(?:可以)?|明白了?|收到|可以的)[，,。！!、\s~～]*[^。！!\n]{{0,16}}?"
    rf"(?:请{_YOU}?(?:提供|把|将|告诉|输入|发送|上传|粘贴)|(?:根据|按照|按){_YOU}的|为{_YOU}(?:整理|翻译"
    rf"|生成|筛选|撰写|准备|总结|汇总)|以下(?:是"
    rf"|为)|这是|我(?:将|会|来|已|可以))"
    rf"|{_START}(?:好的|没问题|当然可以|明白了|收到)[，,。！!]\s*(?:没问题|明白了?|好的|请|我|以下)"
    rf"|等待{_YOU}的(?:数据|输入|回复|文本|内容|新闻|指示|进一步|材料)"
    rf"|(?:一旦|在|待|等){_YOU}(?:提供|给出|发来|上传)[^。！!\n]{{0,20}}(?:后|，|,|我)"
    rf"|我(?:将|会)(?:立即|立刻|马上|尽快|严格|继续)?(?:按照|根据|按){_YOU}的"
    rf"|我(?:将|会)(?:立即|立刻|马上|尽快)(?:开始|完成|处理|进行)(?:翻译|处理|整理|筛选|完成)"
    rf"|{_START}希望(?:以上|这些|这份|本次|上述|我的)?[^。！!\n]{{0,10}}对{_YOU}(?:有所|有)?帮助"
    rf"|由于我(?:没有|无法|不能|目前|尚未|是一个|的(?:知识|训练))"
    rf"|作为(?:一个|一名|一款)?(?:AI|人工智能|大型?语言模型|大模型|语言模型"
    rf"|智能助手)[^，,。\n]{{0,8}}[，,]\s*我"
    rf"|{_START}(?:非常|很|十分)?(?:抱歉|对不起|不好意思)[，,]\s*(?:但?我|作为|目前我)(?:无法|不能|没有"
    rf"|还不能|一)?"
    rf"|{_START}我(?:目前)?(?:无法|不能)(?:直接)?(?:访问|浏览|打开|获取|联网|提供|生成|完成|处理)"
    rf"|如(?:果|需)?{_YOU}?(?:还)?(?:需要|有|想)[^。！!\n]{{0,24}}(?:请(?:随时)?(?:告诉|告知|提供"
    rf"|联系)我|(?:随时|欢迎)(?:告诉|告知)我"
    rf"|我可以(?:继续|进一步|再|帮|为))"
    rf"|(?:需要|要不要|是否需要)我[^。！!\n]{{0,24}}吗?[？?]"
    rf"|(?:以下|下面)(?:是|为)?[^。！!\n，,]{{0,6}}(?:根据|按照|按){_YOU}的"
    rf"|{_START}(?:根据|按照){_YOU}(?:的(?:要求|需求|指示|指令)|提供的)"
    rf"|(?:此处|以上|这是|由我|以下|我(?:已|将|会)?|内容)[^。！!\n]{{0,10}}(?:根据|按照|按"
    rf"|遵照){_YOU}的(?:提示词?|要求|指令|指示|需求|格式)"
    rf"|我(?:还|也)?可以(?:继续|再|进一步)?(?:帮|为|给|替){_YOU}"
    rf"|我的(?:知识|训练)(?:库|数据)?(?:仅|只)?(?:截止|截至|更新)|截[止至](?:到)?我的(?:知识|训练)"
    rf"|我是(?:一个|一名|一款|{_YOU}的)?(?:人工智能|AI|智能|语言模型)[^，。！!\n]{{0,4}}(?:助手|助理|模型)"
    rf"|(?:很高兴|非常高兴|乐意)为{_YOU}(?:服务|整理|提供|解答|效劳)"
    rf"|{_YOU}可以(?:继续|随时)(?:发送|提供|上传|提问|发给我|告诉我)|我(?:会|将)(?:继续)?保持(?:同样"
    rf"|相同|一致)"
    rf"|还有什么(?:可以|能|需要)?(?:我)?(?:帮|为|替)(?:助|到)?{_YOU}|有什么(?:可以|能)帮(?:助|到)?{_YOU}"
    rf"|如需[^。！!\n]{{0,16}}请(?:随时)?(?:告诉|告知|联系|回复)我?|请(?:随时)?(?:告诉|告知)我[。！!.\s]*$"
    rf"|我(?:根据|依据|按照?|凭)(?:常识|经验|上下文|推测|已有)|我(?:做了|进行了)(?:估计|推测|假设|补充"
    rf"|改写|精简|润色|翻译)"
    rf"|原文(?:中)?(?:没有|未)(?:提供|提及|给出|说明)[^。！!\n]{{0,16}}(?:我|请{_YOU}|故此处|因此此处)"
    rf"|我(?:已|已经)(?:按照?|根据|为{_YOU}|将|把|对|完成|替{_YOU}|帮{_YOU})|请{_YOU}(?:自行)?(?:核对"
    rf"|核实|查收|过目|审阅|确认)"
    rf"|(?:回复|输入|发送)\s*\ufffc?(?:继续)?\ufffc?[^。！!\n]{{0,6}}(?:，|,)?我(?:将|会|就)(?:继续|接着)"
    rf"|以下是(?:翻译|润色|改写|优化|精简|修改|生成|整理)(?:后|好|过|完成)的?[^。\n]{{0,8}}(?:版本|文本"
    rf"|译文|内容|结果|日报|新闻)"
    rf"|\bas an? (?:ai|artificial intelligence)(?: language)? (?:model|assistant),? i\b"
    rf"|(?:^|(?<=[.!?]\s))(?:i(?:'m|’m| am) (?:sorry|unable|not able)|i (?:can(?:no|'|’)t|do not"
    rf"|don['’]t|am unable to) (?:have|access|browse|open|retrieve|provide|help|assist))\b"
    rf"|(?:^|(?<=[.!?]\s))(?:sure|certainly|of course|absolutely|okay|ok|great|no problem|got it"
    rf"|understood)[!,.:—–-]+\s*(?:here|i['’ ]|please|below|let|the following|happy|thank)"
    rf"|(?:^|(?<=[.!?]\s))here(?:['’]s| is| are) (?:the|your|a"
    rf"|my)?\s*(?:\w+\s+){{0,6}}?(?:you (?:requested|asked|provided|wanted)|as requested|translat\w+"
    rf"|summar\w+|rewritten|revised|formatted|based on (?:your|the (?:text|input|instructions)))\b"
    rf"|(?:^|(?<=[.!?]\s))please (?:provide|share|paste|send|give) (?:me|the (?:text|news|article|source"
    rf"|content|link)|your|more)"
    rf"|\b(?:let me know if you|feel free to (?:ask|let me)|i hope (?:this|these|that) helps"
    rf"|is there anything else)\b"
    rf"|\b(?:as of|since|at the time of) my (?:last |latest )?(?:knowledge|training)|\bmy (?:knowledge"
    rf"|training)(?: data)? (?:cut-?off|ends|only)"
    rf"|\bif you (?:need|want|prefer|would like|['’]d like)[^.!?\n]{{0,60}}(?:let me know|just ask"
    rf"|tell me|i can|i['’]ll)"
    rf"|\bwould you like me to\b|\bdo you want me to\b|\bshall i (?:continue|translate|proceed|go on)\b"
    rf"|\b(?:just )?let me know[.!]?\s*$"
    rf"|(?:^|(?<=[.!?]\s))(?:i['’]ve|i have) (?:translated|summari[sz]ed|compiled|prepared|rewritten"
    rf"|included|kept|formatted|selected|removed|added)\b"
    rf"|\bi (?:cannot|can['’]t|could not|couldn['’]t|am unable to) (?:verify|confirm|guarantee|find)\b"
    rf"|\bi don['’]t have (?:real-time|access|information)"
    rf"|\bas (?:per your|you) (?:request|instruct|ask)|\b(?:based on|according to) your (?:request"
    rf"|instructions?|prompt|input)|\bthe (?:text|articles?|content) you (?:provided|shared|sent)"
    rf"|\bi(?:['’]m| am) an? (?:ai|artificial intelligence|language model|virtual)\b|\bhow (?:can"
    rf"|may) i (?:help|assist) you\b|\bhappy to help\b"
    rf"|\bonce you (?:provide|share|send)\b|\bi(?:['’]ll| will) (?:translate|summari[sz]e|format|process"
    rf"|proceed|get started)\b"
    rf"|^\s*</?(?:think|thinking|reasoning|answer|output|response)>",
    re.I | re.M,
)
_REFUSAL = re.compile(r"\s*i(?:'m|’m| am)? (?:sorry|can|do)|\s*(?:抱歉|对不起|as an ai|作为)", re.I)
# Said to a model, and hardly to readers; a story may well ask for things.
_REQUEST = re.compile(
    rf"(?:^|(?<=[。！!？?；;，,]))\s*请{_YOU}?(?:先)?(?:提供|发送|上传|粘贴"
    rf"|输入)[^。！!\n]{{0,12}}?{_MATERIAL}"
    rf"|我(?:将|会)(?:按照|根据|为{_YOU}|对|把|尽快)[^。！!\n]{{0,24}}(?:翻译|筛选|整理|处理|输出|排版)"
    rf"|根据{_YOU}(?:的(?:要求|需求|指示)|提供的)",
    re.I,
)
# Between the stories of a digest nobody has a dialogue.
_ROLE = re.compile(r"^\s*(?:system|assistant|human|user|助手|用户)\s*[:：]\s*\S", re.I)
_PROMPT = re.compile(
    r"<\|(?:im_start|im_end|endoftext|system|user|assistant|begin_of_text|eot_id)\|>|\[/?INST\]|<</?SYS>>"
    r"|^\s*#{0,4}\s*(?:system prompt|system message|系统提示词?|系统指令|user prompt|用户提示词?"
    r"|用户输入|prompt|提示词)\s*[:：]"
    r"|^\s*#{2,4}\s*(?:instruction|response|input|output|指令|输入|输出)s?\s*[:：]?"
    r"|^\s*(?:现在|从现在起)?[，,]?\s*(?:你|您)(?:现在)?(?:是|将扮演|要扮演|扮演)(?:一个|一名|一位|一款"
    r"|专业|资深|我的)[^。！!？?\n]{0,24}?"
    r"(?:编辑|助手|助理|专家|翻译|译者|记者|分析师|模型|机器人|AI|作者|写手|主编|撰稿人|工程师|角色)"
    r"|^\s*(?:请|请你|请您|帮我|麻烦)(?:将|把|对|根据|基于|从|用|以)?(?:以下|下面|上述|下列|这些"
    r"|给定)(?:的)?[^。！!？?\n]{0,30}?"
    r"(?:翻译|总结|改写|整理|筛选|提炼|摘要|润色|生成|撰写|编写|输出|概括|归纳)"
    r"|^\s*请(?:严格)?(?:按照?|遵循|使用|以|用)(?:以下|下面|如下)?(?:的)?[^。！!？?\n]{0,10}?(?:格式"
    r"|模板|结构|要求|JSON|Markdown|语言"
    r"|中文|风格)(?:来)?(?:进行)?(?:输出|返回|生成|回复|回答|撰写|写|翻译|整理)"
    r"|(?:只|仅|直接)(?:需)?(?:要)?(?:输出|返回)(?:JSON|Markdown|结果|译文|正文|翻译|最终|新闻)"
    r"|(?:不要|请勿|禁止|无需)(?:输出|包含|添加|返回)(?:任何|多余|其他|额外)(?:的)?(?:解释|内容|说明"
    r"|文字|前缀|信息|评论|废话)"
    r"|^\s*(?:输出格式|输出要求|格式要求|回复格式|返回格式|写作要求|翻译要求|任务要求|任务描述|输出示例"
    r"|字数要求)\s*(?:[:：]|$|如下)"
    r"|^\s*you are (?:a|an|my) (?:\w+\s+){0,4}?(?:assistant|editor|expert|translator|journalist|writer"
    r"|analyst|model|curator|summari[sz]er)\b"
    r"|^\s*(?:please )?(?:translate|summari[sz]e|rewrite|rephrase) (?:the )?(?:following|below|above"
    r"|text|these|this)\b"
    r"|\b(?:return|output|respond with) only (?:the |valid )?(?:json|markdown|translation|summary|result"
    r"|html)\b"
    r"|\bdo not (?:include|add|output) any (?:explanation|preamble|additional|extra|other|commentary)\b"
    r"|^\s*(?:output format|response format|instructions?|constraints?)\s*:\s*(?:$|\S)"
    r"|^\s*ignore (?:all )?(?:previous|prior|the above) instructions",
    re.I,
)


def chatter(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each line in which a language model talks to whoever runs it."""
    for line, text, is_in_story in _texts(evidence):
        found = _CHATTER.search(text) or (None if is_in_story else _REQUEST.search(text))
        if found:
            yield _remark(
                line,
                _near(text, found),
                "像是语言模型在对操作者说话",
                "A language model seems to talk to its operator",
            )


def prompts(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each line that tells a language model what to write."""
    for line, text, is_in_story in _texts(evidence):
        found = _PROMPT.search(text) or (None if is_in_story else _ROLE.search(text))
        if found and not _CHATTER.search(text):
            yield _remark(
                line,
                _near(text, found),
                "像是写给语言模型的提示词",
                "This seems to be a prompt for a language model",
            )


def _texts(evidence: Evidence) -> Iterator[tuple[int | None, str, bool]]:
    """Yield (line, text, whether it is in a story) of what nobody quotes."""
    seen = set()
    for passage in evidence.passages:
        # A story may be called after what a model says.
        if not passage.is_quote and not (passage.place is Place.TITLE and _REFUSAL.match(passage.text)):
            seen.add(passage.text)
            yield passage.line, unquoted(passage.text), passage.is_in_story
    for line, text in headlines_of(evidence):
        if not any(text[:20] in other for other in seen):
            yield line, unquoted(text), False


def _near(text: str, found: re.Match[str]) -> str:
    return text[found.start() : found.start() + 40].strip()


def _remark(line: int | None, words: str, zh: str, en: str) -> Remark:
    return Remark(
        line=line,
        message_zh=f"{zh}：“{words}”",
        message_en=f"{en}: “{words}”",
        remedy_zh="请重新生成这份日报，或删去这句；引用别人的话请加引号",
        remedy_en="Write the digest again, or delete the sentence; put what is quoted in quotation marks",
    )
