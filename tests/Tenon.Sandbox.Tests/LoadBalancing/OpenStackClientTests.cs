using System.Diagnostics;
using Tenon.Sandbox.Tests.Networking;

namespace Tenon.Sandbox.Tests.LoadBalancing;

/// <summary>The real openstack client, with its load balancer plugin, drives the sandbox unchanged.</summary>
[Trait("tier", "slow")]
public sealed class OpenStackClientTests
{
    private const string Client = "/usr/bin/openstack";

    private static readonly string[] Commands =
    [
        "network create n1 --tag a",
        "subnet create s1 --network n1 --subnet-range 10.50.0.0/24 --dns-nameserver 8.8.8.8",
        "subnet create s6 --network n1 --ip-version 6 --subnet-range fd00:50::/64 --ipv6-ra-mode slaac --ipv6-address-mode slaac",
        "subnet pool create sp1 --pool-prefix 10.70.0.0/16 --default-prefix-length 24",
        "subnet pool list", "subnet pool delete sp1", "network show n1", "network list", "subnet list", "subnet show s1",
        "subnet set s1 --dns-nameserver 1.1.1.1",
        "port create p1 --network n1 --fixed-ip subnet=s1,ip-address=10.50.0.40",
        "port create p2 --network n1",
        "port list --network n1", "port list --fixed-ip ip-address=10.50.0.40",
        "port set p1 --allowed-address ip-address=10.96.0.0/16,mac-address=fa:16:3e:00:00:99 --name p1x",
        "port unset p1x --allowed-address ip-address=10.96.0.0/16,mac-address=fa:16:3e:00:00:99",
        "router create r1", "router set r1 --external-gateway public", "router add subnet r1 s1",
        "router add route r1 --route destination=10.244.1.0/24,gateway=10.50.0.40",
        "router set r1 --route destination=10.244.2.0/24,gateway=10.50.0.41",
        "router show r1",
        "router remove route r1 --route destination=10.244.1.0/24,gateway=10.50.0.40",
        "router unset r1 --route destination=10.244.2.0/24,gateway=10.50.0.41",
        "router list",
        "floating ip create public --port p1x --description d1", "floating ip list",
        "security group create sg1",
        "security group rule create sg1 --protocol tcp --dst-port 80:90 --remote-ip 10.0.0.0/8",
        "security group rule list sg1", "security group show sg1", "security group list", "port set p2 --security-group sg1",
        "network trunk create t1 --parent-port p2", "port create sub1 --network n1",
        "network trunk set t1 --subport port=sub1,segmentation-type=vlan,segmentation-id=100",
        "network trunk show t1", "network trunk unset t1 --subport sub1", "network trunk delete t1",
        "address group create ag1 --address 10.0.0.0/8", "address group list", "network agent list", "availability zone list --network",
        "extension list --network",
        "loadbalancer create --name lb1 --vip-subnet-id s1", "loadbalancer list", "loadbalancer show lb1",
        "loadbalancer listener create --name l1 --protocol TCP --protocol-port 80 lb1 --allowed-cidr 10.0.0.0/8",
        "loadbalancer pool create --name po1 --lb-algorithm ROUND_ROBIN --listener l1 --protocol TCP",
        "loadbalancer member create --name m1 --address 10.50.0.40 --protocol-port 80 --subnet-id s1 po1",
        "loadbalancer healthmonitor create --name hm1 --delay 5 --timeout 3 --max-retries 3 --type TCP po1",
        "loadbalancer status show lb1", "loadbalancer stats show lb1", "loadbalancer listener list", "loadbalancer pool list",
        "loadbalancer member list po1", "loadbalancer listener show l1", "loadbalancer pool show po1", "loadbalancer member show po1 m1",
        "loadbalancer healthmonitor show hm1", "loadbalancer set lb1 --description hi --tag x", "loadbalancer member set po1 m1 --weight 9",
        "loadbalancer pool set po1 --lb-algorithm LEAST_CONNECTIONS", "loadbalancer listener set l1 --connection-limit 50",
        "loadbalancer listener unset l1 --connection-limit", "loadbalancer healthmonitor set hm1 --delay 7", "loadbalancer provider list",
        "loadbalancer flavor list", "loadbalancer availabilityzone list", "loadbalancer quota list",
        "loadbalancer listener create --name l7 --protocol HTTP --protocol-port 8080 lb1",
        "loadbalancer l7policy create --name pol1 --action REDIRECT_TO_URL --redirect-url http://example.com/ l7", "loadbalancer l7policy list",
        "loadbalancer l7rule create pol1 --type PATH --compare-type STARTS_WITH --value /x", "loadbalancer l7rule list pol1",
        "loadbalancer healthmonitor delete hm1", "loadbalancer delete --cascade lb1", "network unset n1 --tag a",
    ];

    [Fact(Timeout = 300_000)]
    public async Task Every_command_succeeds()
    {
        Assert.SkipUnless(File.Exists(Client), "python3-openstackclient and python3-octaviaclient are not installed");
        await using TestCloud cloud = await TestCloud.StartAsync();
        // The commands run as they come, each of them against a cloud that has come to rest.
        string clouds = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(clouds, cloud.Host.CloudsYaml, TestContext.Current.CancellationToken);
            var start = new ProcessStartInfo(Client) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
            foreach (string name in start.Environment.Keys.Where(k => k.StartsWith("OS_", StringComparison.Ordinal)).ToList()) start.Environment.Remove(name);
            start.Environment["OS_CLIENT_CONFIG_FILE"] = clouds;
            start.Environment["OS_CLOUD"] = "sandbox";
            using Process client = Process.Start(start)!;
            Task<string> output = client.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            Task<string> errors = client.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            foreach (string command in Commands) await client.StandardInput.WriteLineAsync(command.AsMemory(), TestContext.Current.CancellationToken);
            client.StandardInput.Close();
            await client.WaitForExitAsync(TestContext.Current.CancellationToken);
            (await errors).ShouldBe("", await output);
            string[] failed = [.. cloud.Host.Calls.Entries().Where(e => e.Status >= 400 && !(e.Status == 404 && e.Method == "GET")).Select(e => $"{e.Method} {e.Path}: {e.Status}")];
            failed.ShouldBeEmpty(await output);
            (await cloud.Balancer("GET", "/v2/lbaas/loadbalancers")).ShouldBe(200, """{"loadbalancers": [], "loadbalancers_links": []}""");
            (await cloud.Network("GET", "/v2.0/ports?name=p1x&fields=name")).ShouldBe(200, """{"ports": [{"name": "p1x"}]}""");
            (await cloud.Network("GET", "/v2.0/routers?fields=routes")).ShouldBe(200, """{"routers": [{"routes": []}]}""");
        }
        finally
        {
            File.Delete(clouds);
        }
    }
}
