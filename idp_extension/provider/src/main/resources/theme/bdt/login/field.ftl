<#-- Fields: label above, hint, then the error, tied to the input for those who do not see them. -->
<#macro group name label error="" required=false hint="">
<div class="field<#if error?has_content> invalid</#if>">
    <label for="${name}">${label}<#if required> <span class="required">*</span></#if></label>
    <#if hint?has_content><p class="hint" id="hint-${name}">${hint}</p></#if>
    <#if error?has_content><p class="error" id="input-error-${name}">${kcSanitize(error)?no_esc}</p></#if>
    <#nested>
</div>
</#macro>

<#macro describedBy name error hint><#if error?has_content || hint?has_content>aria-describedby="<#if hint?has_content>hint-${name} </#if><#if error?has_content>input-error-${name}</#if>"</#if><#if error?has_content> aria-invalid="true"</#if></#macro>

<#macro errorIcon error=""></#macro>

<#macro input name label value="" required=false autocomplete="off" fieldName=name error=messagesPerField.get(fieldName) autofocus=false hint="">
    <@group name=name label=label error=error required=required hint=hint>
    <input id="${name}" name="${name}" value="${value}" type="text" autocomplete="${autocomplete}" autocapitalize="none" spellcheck="false"
        <#if required>required</#if> <#if autofocus>autofocus</#if> <#if autocomplete == "one-time-code">inputmode="numeric"</#if> <@describedBy name error hint/>>
    </@group>
</#macro>

<#macro password name label value="" required=false forgotPassword=false fieldName=name error=messagesPerField.get(fieldName) autocomplete="off" autofocus=false hint="">
    <@group name=name label=label error=error required=required hint=hint>
    <input id="${name}" name="${name}" value="${value}" type="password" autocomplete="${autocomplete}"
        <#if required>required</#if> <#if autofocus>autofocus</#if> <@describedBy name error hint/>>
    <#nested>
    <#if forgotPassword><p><a href="${url.loginResetCredentialsUrl}">${msg("doForgotPassword")}</a></p></#if>
    </@group>
</#macro>

<#macro checkbox name label value=false required=false>
<div class="checkbox">
    <input type="checkbox" id="${name}" name="${name}" <#if value>checked</#if> <#if required>required</#if>>
    <label for="${name}">${label}</label>
</div>
</#macro>

<#macro clipboard name label ariaLabel=label value="" readonly=true>
    <@group name=name label=label>
    <input id="${name}" name="${name}" value="${value}" type="text" <#if readonly>readonly</#if>>
    </@group>
</#macro>
