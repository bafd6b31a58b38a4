import java.io.OutputStream;
import java.security.Principal;
import java.util.Map;
import org.springframework.boot.Banner;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClient;
import org.springframework.security.oauth2.client.annotation.RegisteredOAuth2AuthorizedClient;
import org.springframework.security.oauth2.core.oidc.user.OidcUser;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Starts an application for each argument, which has its arguments. They run until the input of this process ends. */
class Applications {
    public static void main(String... applications) throws Exception {
        for (String arguments : applications) {
            new SpringApplicationBuilder(Application.class).bannerMode(Banner.Mode.OFF).run(arguments.split(" "));
        }
        System.out.println("{\"result\": \"ready\"}");
        System.in.transferTo(OutputStream.nullOutputStream());
        System.exit(0);
    }
}

@EnableAutoConfiguration
class Application {
}

/** Signs people in. */
@RestController
class PersonController {
    @GetMapping("/")
    Map<String, Object> person(
        @AuthenticationPrincipal OidcUser person,
        @RegisteredOAuth2AuthorizedClient("listo") OAuth2AuthorizedClient client
    ) {
        return Map.of(
            "name", person.getName(),
            "email", person.getEmail(),
            "accessToken", client.getAccessToken().getTokenValue());
    }
}

/** Takes access tokens. */
@RestController
class CallerController {
    @GetMapping("/")
    Map<String, Object> caller(Principal caller) {
        return Map.of("name", caller.getName());
    }
}
