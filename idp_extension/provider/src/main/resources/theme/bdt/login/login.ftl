<#-- The guide's screen (G-04 to G-08): « Identifiez-vous », « Identifiant », « Mot de passe », « Me connecter », and two ways out. -->
<#import "template.ftl" as layout>
<#import "field.ftl" as field>
<#import "buttons.ftl" as buttons>
<@layout.registrationLayout displayRequiredFields=true displayMessage=!messagesPerField.existsError('username','password'); section>
    <#if section = "header">${msg("loginAccountTitle")}<#elseif section = "form">
    <form class="form" action="${url.loginAction}" method="post">
        <#if !usernameHidden??>
        <@field.input name="username" label=msg("username") value=(login.username!'') required=true autocomplete="username" autofocus=true
            hint=msg("identifiantHint") error=messagesPerField.getFirstError('username','password')/>
        <#if layout.portalUrl()?has_content>
        <p class="under"><a href="${layout.portalUrl()}/identifiant-oublie">${msg("forgottenIdentifiant")}</a></p>
        </#if>
        </#if>
        <#assign passwordError><#if usernameHidden??>${messagesPerField.getFirstError('username','password')}</#if></#assign>
        <@field.password name="password" label=msg("password") required=true autocomplete="current-password" autofocus=usernameHidden?? error=passwordError/>
        <#if realm.resetPasswordAllowed>
        <p class="under"><a href="${url.loginResetCredentialsUrl}">${msg("doForgotPassword")}</a></p>
        </#if>
        <input type="hidden" name="credentialId" value="${(auth.selectedCredential)!}">
        <@buttons.loginButton/>
    </form>
    <script src="${url.resourcesPath}/js/password.js" defer data-show="${msg('showPassword')}" data-hide="${msg('hidePassword')}"></script>
    </#if>
</@layout.registrationLayout>
