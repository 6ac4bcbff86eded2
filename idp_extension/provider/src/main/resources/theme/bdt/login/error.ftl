<#import "template.ftl" as layout>
<@layout.registrationLayout displayMessage=false; section>
    <#if section = "header">${msg("errorTitle")}<#elseif section = "form">
    <p class="message error" role="alert">${kcSanitize(message.summary)?no_esc}</p>
    <p>${msg("errorReassurance")}</p>
    <#if !skipLink?? && layout.portalUrl()?has_content>
    <p><a class="button" id="backToApplication" href="${layout.portalUrl()}">${msg("backToApplication")}</a></p>
    <p><a href="${layout.portalUrl()}/mot-de-passe-oublie">${msg("doForgotPassword")}</a></p>
    </#if>
    </#if>
</@layout.registrationLayout>
