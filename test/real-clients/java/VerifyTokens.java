import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.proc.JWTProcessor;

/** Verifies a LiSTNR token, an access token, and that of another client, with the functions of the document. */
class VerifyTokens {
    public static void main(String... tokens) throws Exception {
        String listnr = tokens[0];
        String access = tokens[1];
        System.out.printf(
            "{\"result\": {\"listnr\": \"%s\", \"access\": \"%s\", \"exchanged\": [\"%s\", \"%s\"], \"other\": \"%s\"}}%n",
            outcome(Listo.listnrTokens(), listnr),
            outcome(Listo.accessTokens(), access),
            outcome(Listo.listnrTokens(), access),
            outcome(Listo.accessTokens(), listnr),
            outcome(Listo.accessTokens(), tokens[2]));
    }

    /** The subject, or what is wrong. */
    static String outcome(JWTProcessor<SecurityContext> processor, String token) {
        try {
            return processor.process(token, null).getSubject();
        } catch (Exception refusal) {
            return refusal.getMessage();
        }
    }
}
