package fr.banquedesterritoires.habilitations;

import java.util.List;
import java.util.Map;

import jakarta.ws.rs.BadRequestException;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.UriInfo;

import org.keycloak.authentication.actiontoken.execactions.ExecuteActionsActionToken;
import org.keycloak.common.util.Time;
import org.keycloak.events.admin.OperationType;
import org.keycloak.models.ClientModel;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.RealmModel;
import org.keycloak.models.UserModel;
import org.keycloak.services.resources.LoginActionsService;
import org.keycloak.services.resources.admin.AdminEventBuilder;
import org.keycloak.services.resources.admin.fgap.AdminPermissionEvaluator;

/**
 * Admin resource that gives the link of Keycloak's own action mail instead of sending it.
 *
 * <p>Keycloak's mail cannot be sent twice and be received once: it bears another {@code Message-ID} each time. Whoever
 * asks for the link writes the mail. It needs the right to manage the user, with which a password could be set anyway.
 */
public final class WelcomeLink implements AdminResource {

    public static final String PROVIDER_ID = "bdt-welcome-link";

    /** VERIFY_EMAIL: from 26.8 on the link proves the address only when it is listed. */
    private static final List<String> ACTIONS =
            List.of(UserModel.RequiredAction.VERIFY_EMAIL.name(), UserModel.RequiredAction.UPDATE_PASSWORD.name());

    private static final int LONGEST_SECONDS = 7 * 24 * 3600;

    @Override
    public Object getResource(KeycloakSession session, RealmModel realm, AdminPermissionEvaluator rights,
            AdminEventBuilder events) {
        return new Links(session, realm, rights, events);
    }

    /** What answers below {@code /admin/realms/<realm>/bdt-welcome-link}. */
    public static final class Links {

        private final KeycloakSession session;
        private final RealmModel realm;
        private final AdminPermissionEvaluator rights;
        private final AdminEventBuilder events;

        Links(KeycloakSession session, RealmModel realm, AdminPermissionEvaluator rights, AdminEventBuilder events) {
            this.session = session;
            this.realm = realm;
            this.rights = rights;
            this.events = events;
        }

        /** A link that serves once, to this person, for so many seconds; leads home to the client afterwards. */
        @POST
        @Path("{user}")
        @Produces(MediaType.APPLICATION_JSON)
        public Map<String, String> make(@PathParam("user") String id, @QueryParam("client_id") String clientId,
                @QueryParam("lifespan") int seconds) {
            rights.users().requireManage();
            UserModel user = session.users().getUserById(realm, id);
            ClientModel client = clientId == null ? null : realm.getClientByClientId(clientId);
            if (user == null) {
                throw new NotFoundException("User not found");
            }
            rights.users().requireManage(user);
            if (client == null || !client.isEnabled() || !user.isEnabled() || user.getEmail() == null
                    || seconds < 1 || seconds > LONGEST_SECONDS) {
                throw new BadRequestException("No link for this user, client or lifespan");
            }
            UriInfo uri = session.getContext().getUri();
            ExecuteActionsActionToken token = new ExecuteActionsActionToken(
                    user.getId(), user.getEmail(), Time.currentTime() + seconds, ACTIONS, null, client.getClientId());
            String link = LoginActionsService.actionTokenProcessor(uri)
                    .queryParam("key", token.serialize(session, realm, uri))
                    .build(realm.getName())
                    .toString();
            events.operation(OperationType.ACTION).resourcePath(uri).success();
            return Map.of("link", link);
        }
    }

    @Override
    public String getId() {
        return PROVIDER_ID;
    }
}
