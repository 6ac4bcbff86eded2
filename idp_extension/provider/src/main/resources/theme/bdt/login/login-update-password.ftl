<#-- The rule of the guide (G-43 to G-45) stands before the field: one reads it first, with or without a script. -->
<#import "template.ftl" as layout>
<#import "field.ftl" as field>
<#import "buttons.ftl" as buttons>
<#-- Keycloak tells a refused password to the page; it belongs to the field, where a screen reader says it. -->
<#assign refused = messagesPerField.get("password")>
<#if !messagesPerField.existsError("password", "password-confirm") && message?? && message.type = "error">
    <#assign refused = message.summary>
</#if>
<@layout.registrationLayout displayRequiredFields=true displayMessage=!(message?? && message.type = "error"); section>
    <#if section = "header">${msg("updatePasswordTitle")}<#elseif section = "form">
    <form class="form" action="${url.loginAction}" method="post">
        <section class="rules" aria-labelledby="rules">
            <h2 id="rules">${msg("passwordRules")}</h2>
            <ul>
                <li>${msg("passwordRuleHistory")}</li>
                <li data-rule="length">${msg("passwordRuleLength")}</li>
                <li data-rule="classes">${msg("passwordRuleClasses")}</li>
            </ul>
        </section>
        <@field.password name="password-new" label=msg("passwordNew") error=refused required=true autocomplete="new-password" autofocus=true/>
        <@field.password name="password-confirm" label=msg("passwordConfirm") required=true autocomplete="new-password"/>
        <#-- Whoever changes a password ends the sessions opened with the old one (guide silent, GS-20). -->
        <input type="hidden" name="logout-sessions" value="on">
        <@buttons.actionGroup>
            <@buttons.button id="kc-submit" name="login" label="doSavePassword"/>
            <#if isAppInitiatedAction??>
            <button type="submit" class="button secondary" name="cancel-aia" value="true" formnovalidate>${msg("doCancel")}</button>
            </#if>
        </@buttons.actionGroup>
    </form>
    <script src="${url.resourcesPath}/js/password.js" defer data-show="${msg('showPassword')}" data-hide="${msg('hidePassword')}" data-held="${msg('ruleHeld')}"></script>
    </#if>
</@layout.registrationLayout>
