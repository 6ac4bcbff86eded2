<#-- Nobody is sent on to a service with a right that she has not, or for another structure than the one asked for. -->
<#import "template.ftl" as layout>
<@layout.registrationLayout; section>
    <#assign service = (client.name)!client.clientId>
    <#if section = "header">${msg("noStructureTitle")}<#elseif section = "form">
    <p><#if isForeign>${msg("foreignStructureText", service)}<#else>${msg("noStructureText", service)}</#if></p>
    <p>${msg("noStructureNext")}</p>
    <#if layout.portalUrl()?has_content>
    <p class="actions"><a class="button" href="${layout.portalUrl()}/services">${msg("noStructurePortal")}</a></p>
    </#if>
    </#if>
</@layout.registrationLayout>
