<#-- Also the first and the last page of the registration mail's link: what will be asked, then that it is done.
     Opening the link has confirmed the address already: it is a step only when it is the only one. -->
<#import "template.ftl" as layout>
<@layout.registrationLayout displayMessage=false; section>
    <#if section = "header"><#if messageHeader??>${kcSanitize(msg(messageHeader))?no_esc}<#elseif requiredActions??>${msg("executeActionsTitle")}<#else>${msg("infoTitle")}</#if>
    <#elseif section = "form">
    <p>${message.summary}</p>
    <#if requiredActions??><ul><#list requiredActions?filter(action -> action != "VERIFY_EMAIL" || requiredActions?size = 1) as action><li>${kcSanitize(msg("requiredAction." + action))?no_esc}</li></#list></ul></#if>
    <#if !skipLink??>
        <#if pageRedirectUri?has_content>
        <p><a class="button" href="${pageRedirectUri}">${msg("backToApplication")}</a></p>
        <#elseif actionUri?has_content>
        <p><a class="button" href="${actionUri}">${msg("proceedWithAction")}</a></p>
        <#elseif layout.portalUrl()?has_content>
        <p><a class="button" href="${layout.portalUrl()}">${msg("backToApplication")}</a></p>
        </#if>
    </#if>
    </#if>
</@layout.registrationLayout>
