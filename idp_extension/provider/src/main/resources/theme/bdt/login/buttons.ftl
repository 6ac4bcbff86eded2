<#macro actionGroup horizontal=false><div class="actions"><#nested></div></#macro>

<#macro button label id="" name="" type="primary" fullWidth=true class=[] extra...>
<button type="submit" class="${properties['kcButton' + type?cap_first + 'Class']!'button'}" id="${id}" <#if name?has_content>name="${name}"</#if> <#list extra as attribute, value>${attribute}="${value}" </#list>>${msg(label)}</button>
</#macro>

<#macro buttonLink href label id="" class=[]><p><a id="${id}" href="${href}">${msg(label)}</a></p></#macro>

<#macro loginButton><@actionGroup><@button id="kc-login" name="login" label="doLogIn"/></@actionGroup></#macro>
