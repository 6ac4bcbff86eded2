<#import "template.ftl" as layout>
<@layout.registrationLayout; section>
    <#if section = "header">${msg("logoutConfirmTitle")}<#elseif section = "form">
    <p>${msg("logoutConfirmHeader")}</p>
    <form action="${url.logoutConfirmAction}" method="post">
        <input type="hidden" name="session_code" value="${logoutConfirm.code}">
        <div class="actions"><button class="button" name="confirmLogout" id="kc-logout" value="on">${msg("doLogout")}</button></div>
    </form>
    <#if !logoutConfirm.skipLink && layout.portalUrl()?has_content>
    <p><a href="${layout.portalUrl()}">${msg("backToApplication")}</a></p>
    </#if>
    </#if>
</@layout.registrationLayout>
