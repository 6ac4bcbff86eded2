package fr.banquedesterritoires.habilitations;

import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

import org.keycloak.OAuth2Constants;
import org.keycloak.models.KeycloakSession;
import org.keycloak.representations.AccessToken;
import org.keycloak.representations.JsonWebToken;
import org.keycloak.services.managers.AppAuthManager;
import org.keycloak.services.managers.AppAuthManager.AuthHeader;

/**
 * Which structure a token is for: each carries it itself, from the code on.
 *
 * <p>The tabs of a browser share one client session, whose notes are those of the last log-in. Nothing is read there:
 * {@link StructureStep} writes the structure into the scope of the authorization code, {@link StructureCode} reads it
 * from the code, {@link StructureRefresh} writes it into the refresh token and reads it there; userinfo and
 * introspection read it in the access token that is shown to them. Whatever else makes a token knows of no structure.
 */
final class StructureOfToken {

    /** In an access or ID token what {@link ActiveStructure#asClaim} says; in a refresh token the SIREN alone. */
    static final String CLAIM = "structure";

    private static final String SCOPE = "structure:";
    private static final String UNDER_WAY = "bdt.structure";

    private StructureOfToken() {
    }

    /** The scope of a code, and with it the structure the person chose; "" for none. */
    static String inScope(String scope, String siren) {
        String others = Arrays.stream(Objects.requireNonNullElse(scope, "").split(" "))
                .filter(word -> !word.startsWith(SCOPE))
                .collect(Collectors.joining(" "));
        return siren.isEmpty() ? others : others + " " + SCOPE + siren;
    }

    /** The tokens that this request makes are those of a code with this scope. */
    static void beginWithScope(KeycloakSession session, String scope) {
        session.setAttribute(UNDER_WAY, Arrays.stream(Objects.requireNonNullElse(scope, "").split(" "))
                .filter(word -> word.startsWith(SCOPE))
                .map(word -> word.substring(SCOPE.length()))
                .collect(Collectors.joining(" ")));
    }

    /** The tokens that this request makes follow this one. */
    static void beginWithToken(KeycloakSession session, JsonWebToken token) {
        session.setAttribute(UNDER_WAY, in(token));
    }

    /** SIREN of the tokens that this request makes; "" for none. */
    static String underWay(KeycloakSession session) {
        return session.getAttributeOrDefault(UNDER_WAY, "");
    }

    static String shownToUserInfo(KeycloakSession session) {
        AuthHeader header = AppAuthManager.extractAuthorizationHeaderTokenOrReturnNull(
                session.getContext().getRequestHeaders());
        return shown(session, header == null ? typed(session, OAuth2Constants.ACCESS_TOKEN) : header.getToken());
    }

    static String shownToIntrospection(KeycloakSession session) {
        return shown(session, typed(session, "token"));
    }

    private static String typed(KeycloakSession session, String field) {
        return session.getContext().getHttpRequest().getDecodedFormParameters().getFirst(field);
    }

    private static String shown(KeycloakSession session, String encoded) {
        AccessToken token = session.tokens().decode(encoded, AccessToken.class);
        return token == null ? "" : in(token);
    }

    private static String in(JsonWebToken token) {
        Object claim = token.getOtherClaims().get(CLAIM);
        Object siren = claim instanceof Map<?, ?> told ? told.get("siren") : claim;
        return siren instanceof String text ? text : "";
    }
}
