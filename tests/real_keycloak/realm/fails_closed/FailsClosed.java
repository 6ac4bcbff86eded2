import java.util.Map;

import fr.banquedesterritoires.habilitations.StructureMapper;
import org.keycloak.representations.AccessToken;
import org.keycloak.representations.IDToken;
import org.keycloak.util.JsonSerialization;

/** Runs the mapper with nothing to work on, so that it breaks inside, and prints what is left of each token. */
public class FailsClosed {

    public static void main(String[] arguments) throws Exception {
        StructureMapper mapper = new StructureMapper();
        print(mapper.transformAccessToken(merged(), null, null, null, null));
        print(mapper.transformUserInfoToken(merged(), null, null, null, null));
        print(mapper.transformIntrospectionToken(merged(), null, null, null, null));
        IDToken id = new IDToken();
        id.getOtherClaims().put("resource_access", Map.of("mes-prets", Map.of("roles", "demande")));
        id.getOtherClaims().put("structure", "of somebody else");
        print(mapper.transformIDToken(id, null, null, null, null));
    }

    private static AccessToken merged() {
        AccessToken token = new AccessToken();
        token.addAccess("mes-prets").addRole("demande").addRole("suivi");
        token.setRealmAccess(new AccessToken.Access().addRole("offline_access"));
        token.getOtherClaims().put("structure", "of somebody else");
        token.getOtherClaims().put("resource_access", "of a mapper that writes claims by hand");
        return token;
    }

    private static void print(IDToken token) throws Exception {
        System.out.println(JsonSerialization.writeValueAsString(token));
    }
}
