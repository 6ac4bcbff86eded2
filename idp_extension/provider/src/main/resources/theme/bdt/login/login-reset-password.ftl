<#import "template.ftl" as layout>
<#import "field.ftl" as field>
<#import "buttons.ftl" as buttons>
<@layout.registrationLayout displayMessage=!messagesPerField.existsError('username'); section>
    <#if section = "header">${msg("emailForgotTitle")}<#elseif section = "form">
    <p>${msg("emailInstruction")}</p>
    <form class="form" action="${url.loginAction}" method="post">
        <@field.input name="username" label=msg("usernameOrEmail") value=(auth.attemptedUsername!'') required=true autocomplete="username" autofocus=true/>
        <@buttons.actionGroup><@buttons.button id="kc-reset" label="doSendLink"/></@buttons.actionGroup>
        <p><a href="${url.loginUrl}">${msg("backToLogin")}</a></p>
    </form>
    <script src="${url.resourcesPath}/js/password.js" defer></script>
    </#if>
</@layout.registrationLayout>
