using Tenon.CloudController.Configuration;
using Tenon.OpenStack;
using Tenon.OpenStack.Configuration;

namespace Tenon.CloudController.Tests.Configuration;

public class CloudConfigTests
{
    private const string Whole = """
        # Every section, as operators write them.
        [global]
        Auth-URL = https://cloud.example.com:5000/v3
        application-credential-id = abc
        application-credential-secret = "s3cr#t"
        region = RegionOne
        os-endpoint-type = internalURL
        ca-file = /etc/ssl/ca.pem

        [Networking]
        public-network-name = public
        public-network-name = public2
        internal-network-name = private
        address-sort-order = 10.1.2.3/8, fd00::/8
        ipv6-support-disabled

        [Route]
        router-id = 6a1d4a62-0000-4000-8000-000000000001

        [LoadBalancer]
        enabled = on
        floating-network-id = 80c9fc78-a2be-45d5-a85b-f17a6c98df92
        monitor-delay = 10
        monitor-timeout = 2500ms
        monitor-max-retries = 0x3
        create-monitor = yes
        cascade-delete = no
        node-selector = "env=production, region"

        [LoadBalancerClass "DMZ"]
        floating-subnet = public-*
        [LoadBalancerClass "inner"]
        network-id = 80c9fc78-a2be-45d5-a85b-f17a6c98df92

        [Metadata]
        search-order = metadataService
        request-timeout = 30s

        [BlockStorage]
        ignore-volume-az = true

        [Node]
        regional-provider-id = true
        """;

    [Fact]
    public void Every_section_is_read()
    {
        CloudConfigResult result = CloudConfig.Parse(Whole);
        result.Problems.ShouldBeEmpty();
        CloudConfig config = result.Config!;
        config.Global.AuthUrl.ShouldBe("https://cloud.example.com:5000/v3");
        config.Global.ApplicationCredentialSecret!.Reveal().ShouldBe("s3cr#t");
        config.Global.Endpoint.ShouldBe(EndpointInterface.Internal);
        config.Networking.PublicNetworkNames.ShouldBe(["public", "public2"]);
        config.Networking.Ipv6SupportDisabled.ShouldBeTrue();
        config.Networking.AddressSortOrder.Select(p => p.ToString()).ShouldBe(["10.0.0.0/8", "fd00::/8"]);
        config.Route.RouterId.ShouldBe("6a1d4a62-0000-4000-8000-000000000001");
        config.LoadBalancer.MonitorDelay.ShouldBe(TimeSpan.FromSeconds(10));
        config.LoadBalancer.MonitorTimeout.ShouldBe(TimeSpan.FromSeconds(2.5));
        config.LoadBalancer.MonitorMaxRetries.ShouldBe(3);
        config.LoadBalancer.CreateMonitor.ShouldBeTrue();
        config.LoadBalancer.CascadeDelete.ShouldBeFalse();
        config.LoadBalancer.Classes["DMZ"].FloatingSubnet.ShouldBe("public-*");
        config.LoadBalancer.Classes["inner"].NetworkId.ShouldBe("80c9fc78-a2be-45d5-a85b-f17a6c98df92");
        config.Metadata.RequestTimeout.ShouldBe(TimeSpan.FromSeconds(30));
        config.Node.RegionalProviderId.ShouldBe(true);
    }

    [Fact]
    public void Credentials_alone_make_a_configuration_with_the_peers_defaults()
    {
        CloudConfigResult result = CloudConfig.Parse("""
            [Global]
            auth-url = http://192.128.1.15:5000/v3
            username = admin
            password = passw0rd
            region = RegionOne
            tenant-id = abc
            domain-id = default
            """);
        result.Problems.ShouldBeEmpty();
        CloudConfig config = result.Config!;
        config.LoadBalancer.Enabled.ShouldBeTrue();
        config.LoadBalancer.MaxSharedLb.ShouldBe(2);
        config.LoadBalancer.MonitorDelay.ShouldBe(TimeSpan.FromSeconds(5));
        config.LoadBalancer.CascadeDelete.ShouldBeTrue();
        config.LoadBalancer.IngressHostnameSuffix.ShouldBe("nip.io");
        config.Networking.AddressSortOrder.ShouldBeEmpty();
        config.Metadata.SearchOrder.ShouldBe("configDrive,metadataService");
        config.Metadata.RequestTimeout.ShouldBe(TimeSpan.FromMinutes(1));
        config.Node.RegionalProviderId.ShouldBeNull();
    }

    [Fact]
    public void Empty_values_count_as_not_set_as_in_the_peers_sample()
    {
        CloudConfigResult result = CloudConfig.Parse("[Global]\nauth-url=http://x\nusername=a\npassword=b\ntenant-id=c\ndomain-id=d\n[LoadBalancer]\nsubnet-id=\nfloating-network-id=\n");
        result.Problems.ShouldBeEmpty();
        result.Config!.LoadBalancer.SubnetId.ShouldBeNull();
    }

    [Fact]
    public void A_list_option_alone_on_its_line_empties_the_list()
        => CloudConfig.Parse("[Global]\nauth-url=http://x\nuser-id=a\npassword=b\ntenant-id=c\n[Networking]\npublic-network-name = a\npublic-network-name\npublic-network-name = b\n")
            .Config!.Networking.PublicNetworkNames.ShouldBe(["b"]);

    [Fact]
    public void Every_option_that_is_defined_can_be_set()
    {
        foreach (SectionDefinition section in CloudConfig.Sections)
        {
            foreach (OptionDefinition option in section.Options.Where(o => o.Retired is null))
            {
                string header = section.HasSubsections ? $"[{section.Name} \"x\"]" : $"[{section.Name}]";
                CloudConfigResult result = CloudConfig.Parse($"{header}\n{option.Name} = 1\n");
                result.Problems.ShouldNotContain(p => p.Message.Contains("there is no such option"), $"{section.Name} {option.Name}");
            }
        }
    }
}
