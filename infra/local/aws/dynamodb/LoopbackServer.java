import com.amazonaws.services.dynamodbv2.local.main.ServerRunner;
import com.amazonaws.services.dynamodbv2.local.server.DynamoDBProxyServer;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** DynamoDB Local with its own options, on loopback only: it has no option for that, so its web server is told. */
class LoopbackServer {
    public static void main(String[] arguments) throws Exception {
        var dynamodb = ServerRunner.createServerFromCommandLineArgs(arguments);
        var web = DynamoDBProxyServer.class.getDeclaredField("server");
        web.setAccessible(true);
        for (Connector connector : ((Server) web.get(dynamodb)).getConnectors()) {
            ((ServerConnector) connector).setHost("127.0.0.1");
        }
        dynamodb.start();
        dynamodb.join();
    }
}
