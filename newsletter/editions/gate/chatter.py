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
# Two people and their work: 我 … 您 … 格式. Editors say 我们 to their readers.
_I_ZH = r"(?<![自忘敌唯由])我(?!们|国|司|校|市|省|方|军|县|区|院|行|队|的世界|爱)"
_WORK_ZH = (
    r"(?:翻译|整理|生成|提供|格式|要求|指令|提示|修改|调整|重写|改写|润色|文本|链接|版本|告诉|帮|继续"
    r"|发送|重新|补充|核实|确认|满意|完成"
    r"|处理|总结|筛选|资料|素材|解答|效劳|原文|摘要|材料)"
)
_DIALOGUE = re.compile(
    rf"{_I_ZH}[^。！!？?\n]{{0,40}}您[^。！!？?\n]{{0,40}}{_WORK_ZH}"
    rf"|{_I_ZH}[^。！!？?\n]{{0,40}}{_WORK_ZH}[^。！!？?\n]{{0,30}}您"
    rf"|您[^。！!？?\n]{{0,40}}{_I_ZH}[^。！!？?\n]{{0,40}}{_WORK_ZH}"
    rf"|您[^。！!？?\n]{{0,30}}{_WORK_ZH}[^。！!？?\n]{{0,30}}{_I_ZH}"
    rf"|{_I_ZH}(?:没有|没能|未能|无法|不能|不具备|尚未|还不能|没办法)[^。！!？?\n]{{0,8}}(?:找到|获取"
    rf"|访问|核实|验证|查到|查询|联网|实时|确认|打开|读取|浏览|检索|看到)"
    rf"|{_I_ZH}是由|{_I_ZH}的(?:回答|回复|输出|信息|数据|知识|训练)"
    rf"|已(?:经)?(?:为|按照?|根据|遵照|依照|替|帮)您|(?:正在|马上|现在|接下来)为您(?:整理|生成|翻译|搜索"
    rf"|检索|处理|总结)"
    rf"|您(?:所)?(?:提供|给出|发送|发来|上传|输入|粘贴|要求|指定|给|要)的(?:这些|这份|这段|以上)?(?:新闻"
    rf"|文本|原文|链接|内容|资料|素材|格式|材料|网址|信息|来源|数据|文章|摘要|日报|简报|翻译|语言|风格)"
    rf"|(?:符合|满足|达到)您的(?:要求|期望|预期|需求)|您(?:觉得|看|认为)(?:这|如何|怎么样|可以吗)"
    rf"|(?:按照?|根据|遵照|依照)您(?:的|所|指定|要求|给)"
    rf"|如(?:果)?(?:您)?(?:有|还有|需)?(?:其他|任何|更多|别的)?(?:需要|需求|疑问|要求"
    rf"|问题)[^。！!\n]{{0,10}}随时(?:提问|告诉|告知|吩咐|提出|找我|问我|联系我(?!们))"
    rf"|(?:^|[（(。\n])\s*(?:注[:：])?\s*(?:由于|因|因为)?(?:目前|暂时)?无法(?:访问|打开|获取|读取|核实"
    rf"|验证|联网)(?:到)?(?:该|此|原|上述|这个|这条|外部|互联网)"
    rf"|(?:因|由于)(?:上下文|token|字数|输出|长度|回复|单次)[^，。\n]{{0,6}}(?:限制|过长|有限|超限)"
    rf"|(?:此处|以下|后续|其余|剩余|中间)(?:内容|部分|新闻|条目)?(?:从略|省略|已省略|略去)"
    rf"|(?:以下|下面|上面|以上)(?:是|为|就是)?{_I_ZH}|(?:以下|下面|这|以上)(?:就)?是(?:为)?您(?:要|需要"
    rf"|想要|整理|准备|生成|的)?"
    rf"|用户(?:要求|希望|想要|让|请|需要){_I_ZH}|{_START}(?:首先|接下来|然后)[，,]?\s*{_I_ZH}(?:需要|要"
    rf"|应该|将|会|得)|{_I_ZH}(?:需要|应该)(?:先|将|把|按照?|确保|注意|检查|遵循)"
    rf"|让我(?!们)(?:来)?(?:为|帮|开始|继续|总结|整理|看看|想想|检查)|还需要(?:我|什么帮助)|(?:还|是否"
    rf"|要不要|需不需要)(?:需要)?{_I_ZH}[^。！!\n]{{0,30}}[吗么？?]"
    rf"|(?:^|(?<=[.!?]\s))(?:the user (?:wants|asked|asks|is asking|requested)|okay, so|first, i"
    rf"|let me (?:start|think|translate|summari[sz]e|check|see|know|rewrite))\b"
    rf"|(?:^|(?<=[.!?]\s))(?:here(?:['’]s| is| are)|below (?:is|are)|this is) (?:your|(?:a|the"
    rf"|my) (?:draft|revised|updated|translated|polished|formatted|concise|cleaned|rewritten"
    rf"|shortened))\b"
    rf"|(?:^|(?<=[.!?]\s))below (?:is|are) (?:the|your|a)\b[^.\n]{{0,40}}(?:you|request|:\s*$)"
    rf"|\bi(?:['’]d| would) be (?:happy|glad|delighted) to|\bi can (?:also )?(?:help|provide|translate"
    rf"|rewrite|expand|produce|adjust|shorten|make|generate|add|continue)\b"
    rf"|\bi (?:was(?:n['’]t| not)|am not|['’]m not) able to|\bi (?:could|can|do|did)(?:n['’]t"
    rf"| ?not) (?:access|find|open|verify|retrieve|browse|have (?:access|browsing|the ability"
    rf"|information|real-time))"
    rf"|\bi(?:['’]ve| have) (?:made|assumed|used|omitted|shortened|estimated|left|tried|followed|adapted"
    rf"|done)\b|\bmy (?:responses?|answers?|knowledge|training|output)\b"
    rf"|\b(?:as|per|following|according to|based on|to match|with) your (?:prompt|instructions?|request"
    rf"|guidelines|format)\b|\b(?:information|text|sources?|links?|articles?) you(?:['’]ve"
    rf"| have)? (?:provided|gave|shared|sent|pasted)\b"
    rf"|\b(?:want|need) me to\b|\bshould i (?:continue|also|translate|go on|add)\b"
    rf"|\b(?:is there )?anything else (?:i|you)\b|\bhappy to (?:adjust|help|revise|expand|shorten)\b"
    rf"|\bplease (?:note that i|(?:verify|confirm|double-check) (?:this|these|the))\b|\bhope (?:this"
    rf"|that|you find)\b[^.\n]{{0,20}}\b(?:helps?|useful)\b|\bi am (?:just )?an? (?:ai|assistant"
    rf"|language|chat)"
    rf"|\[?(?:output|response|content) (?:truncated|omitted)\]?|\b(?:token|context|length) limit",
    re.I | re.M,
)
_REPORT = re.compile(
    rf"{_I_ZH}可以(?:把|将|拆|再|继续|提供|生成|改|缩|写|重|补|帮)|{_I_ZH}(?:无法|不能)保证"
    rf"|{_I_ZH}来(?:为|帮)(?:您|你)|{_I_ZH}帮(?:您|你)"
    rf"|{_I_ZH}(?:将|把|对)[^。！!\n]{{0,16}}(?:做了|进行了|改成|改为|压缩|精简|合并|删去|删除|润色)"
    rf"|{_I_ZH}(?:保留|删去|省略|合并|压缩|精简|替换|润色|概括|翻译)了"
    rf"|(?:以上|以下)[^。！!\n]{{0,8}}(?:为|是|属于)(?:模拟|虚构|示例|假设|编造)|(?:以下|下面)(?:是"
    rf"|为)[^。！!\n]{{0,6}}(?:Markdown|JSON|HTML)"
    rf"|^\W*(?:输出|结果|回答|回复|答案|译文|翻译|翻译结果|润色后|改写后|修改后)(?:的?(?:版本|文本"
    rf"|内容))?(?:如下)?\s*[:：]\s*$"
    rf"|作为[^，。！!\n]{{0,6}}(?:助手|助理|语言模型)[^。！!\n]{{0,20}}您|符合(?:要求|规范"
    rf"|格式要求)的(?:日报|简报|新闻|内容|Markdown|版本)"
    rf"|是否(?:需要)?继续[？?]|(?:回复|输入|发送)\s*[“「\"']?继续|^\W*(?:请)?稍(?:等|候)(?:片刻"
    rf"|一下)?[，,。！!…]"
    rf"|希望[^。！!\n]{{0,14}}(?:帮到|帮助到)(?:您|你)|希望您满意|感谢您的(?:提问|使用|指示|耐心)"
    rf"|根据我的(?:知识|训练|理解|了解|数据)"
    rf"|(?:看起来|似乎|看来)(?:您|你)(?:没有|还没|未|忘)|(?:您|你)(?:的)?(?:输入|消息|请求)(?:为空|似乎"
    rf"|不完整|中)"
    rf"|\bno (?:articles?|news|text|content|stories|input|links?) (?:was|were|have been) (?:provided"
    rf"|found|given|supplied)\b"
    rf"|(?:^|(?<=[.!?]\s))(?:it (?:seems|looks|appears)(?: like)? (?:that )?you|unfortunately, i"
    rf"|(?:my )?apologies|i apologi[sz]e|thank you for (?:providing|sharing|your (?:patience|request"
    rf"|message)))\b"
    rf"|^\W*(?:translation|translated (?:text|version)|rewritten version|revised version|final (?:answer"
    rf"|output|version)|output|response)\s*:\s*$"
    rf"|\byou can (?:copy|paste)\b|\bcopy (?:and paste )?(?:this|the (?:text|markdown))\b",
    re.I | re.M,
)
# What the window around a model's answer says, and what it thinks before it answers.
_WINDOW = re.compile(
    r"已(?:完成)?深度思考|(?:思考|推理)(?:了)?\s*[（(]?(?:用时)?\s*\d+\s*秒|\bthought for \d+ seconds?"
    r"|contentReference|oaicite|turn\d+(?:search|view)\d+"
    r"|【\d+†[^】]*】|^\W*(?:重新生成|复制代码|copy code|regenerate(?: response)?|chatgpt said"
    r"|chatgpt 说|you said|停止生成|继续生成|联网搜索)\W*$"
    r"|本(?:次)?(?:回答|回复|对话)(?:由|中|仅|是|内容|的)|^\W*嗯[，,]|^\W*好[，,]\s*我|^\W*(?:okay|ok"
    r"|alright|hmm|wait)[,.]\s+(?:so|let|i|the|now)\b",
    re.I | re.M,
)
# What a script's answer says of its input; between stories it may be news.
_NOTHING_FOUND = re.compile(
    r"(?:没有|未能?)(?:找到|检索到|搜索到|获取到|抓取到|查询到)[^。！!\n]{0,10}(?:新闻|内容|结果|信息"
    r"|数据|资讯)"
    r"|(?:未|没有|并未)(?:提供|附上|给出|收到)(?:任何|具体|有效)?[^。！!\n]{0,6}(?:新闻|内容|文本|链接"
    r"|素材|数据|来源)",
)
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

# Orders that only a model is given; in a story somebody may be told such things.
_ORDER = re.compile(
    r"(?:你|您)的任务(?:是|为)|^\W*(?:语气|语言|风格|受众|字数|格式|角色|约束|要求|限制|输出|role|task"
    r"|tone|style|format|audience|length)\s*[:：]"
    r"|(?:字数|长度|篇幅|每条)[^，。！!\n]{0,6}(?:控制|限制|保持)在|以\s*(?:Markdown|JSON|HTML"
    r"|纯文本)\s*(?:的)?(?:格式|形式)"
    r"|(?:不要|请勿|禁止|不得|切勿)(?:编造|虚构|杜撰|遗漏|改变|翻译)|务必(?:保留|使用|按照|输出|翻译|确保)"
    r"|^\W*请(?:确保|保持|保留|使用|只|仅|严格|按照?|根据|选择|挑选|筛选|翻译|总结|概括|撰写|生成|输出"
    r"|逐条)[^。！!\n]{0,30}(?:格式|输出|原文|字以?内|标题|翻译|摘要|要点|Markdown|JSON|条目|语气|风格)"
    r"|\b(?:your task is|you will be (?:given|provided)|in (?:markdown|json) format|for each (?:article"
    r"|story|item),|step \d+: (?:translate|summari|read|select|filter))"
    r"|\bkeep (?:it|each|every|the summar\w+) \w+ (?:\w+ )?\d+ (?:words|characters)|\b(?:use|maintain"
    r"|write in) an? \w+(?: and \w+)?,? tone\b"
    r"|\bwrite (?:the \w+ )?in (?:simplified )?(?:chinese|english)\b|\bdo not (?:mention|hallucinate"
    r"|make up|invent|translate)\b",
    re.I,
)


def chatter(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each line in which a language model talks to whoever runs it."""
    for line, text, is_in_story in _texts(evidence):
        found = (
            _CHATTER.search(text) or _DIALOGUE.search(text) or _REPORT.search(text) or _WINDOW.search(text)
        )
        found = found or (None if is_in_story else _REQUEST.search(text) or _NOTHING_FOUND.search(text))
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
        found = _PROMPT.search(text)
        found = found or (None if is_in_story else _ROLE.search(text) or _ORDER.search(text))
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
    told = {passage.story for passage in evidence.passages if passage.place is Place.STORY}
    for passage in evidence.passages:
        if passage.is_quote:
            continue
        seen.add(passage.text)
        # A story may be called after what a model says; then its text is about that.
        if passage.place is not Place.TITLE or passage.story not in told:
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
