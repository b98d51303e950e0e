using Tenon.Core;

namespace Tenon.OpenStack.Tests;

public sealed class CloudsYamlTests
{
    private const string Base = """
        clouds:
          main:
            auth:
              auth_url: https://cloud.example.org:5000/v3
              username: u
              password: p
              project_name: proj
              user_domain_name: UD
              project_domain_id: pd
            region_name: one
        """;

    private static CloudsYamlResult Read(string clouds, string? name = null, string? secure = null, string? profiles = null, string? home = null)
        => CloudsYaml.Read(
            new()
            {
                Clouds = new("clouds.yaml", clouds),
                Secure = secure is null ? null : new("secure.yaml", secure),
                Public = profiles is null ? null : new("clouds-public.yaml", profiles),
                HomeDirectory = home,
            },
            name);

    private static CloudCredentials Good(CloudsYamlResult result)
    {
        result.Problems.ShouldBeEmpty();
        return result.Credentials.ShouldNotBeNull();
    }

    [Fact]
    public void A_password_cloud_is_read_with_its_domains_apart()
    {
        CloudsYamlResult result = Read(Base);
        Good(result).ShouldBe(new CloudCredentials
        {
            AuthUrl = new("https://cloud.example.org:5000/v3"),
            Method = new AuthMethod.Password(null, "u", DomainReference.ByName("UD"), new("p")),
            Scope = new AuthScope.Project(null, "proj", DomainReference.ById("pd")),
            Region = "one",
        });
        result.CloudName.ShouldBe("main");
    }

    [Fact]
    public void Values_of_secure_yaml_win_and_profiles_lie_below()
    {
        const string Cloud = """
            clouds:
              a:
                profile: vendor
                region_name: mine
                auth: {username: u, user_domain_id: d, project_id: x}
              b: {auth: {auth_url: "http://b/"}}
            """;
        const string Profiles = """
            public-clouds:
              vendor:
                auth: {auth_url: "https://vendor/v3", project_id: never}
                region_name: theirs
                interface: internal
            """;
        CloudCredentials credentials = Good(Read(Cloud, "a", "clouds: {a: {auth: {password: hidden}}}", Profiles));
        credentials.AuthUrl.ShouldBe(new("https://vendor/v3"));
        credentials.Method.ShouldBe(new AuthMethod.Password(null, "u", DomainReference.ById("d"), new("hidden")));
        credentials.Scope.ShouldBe(new AuthScope.Project("x", null, null));
        (credentials.Region, credentials.Interface).ShouldBe(("mine", EndpointInterface.Internal));
    }

    [Fact]
    public void Token_and_application_credential_clouds_are_read_also_without_a_type()
    {
        const string Url = "auth_url: 'http://k/'";
        Good(Read($"clouds: {{a: {{auth_type: v3token, auth: {{{Url}, token: t, project_id: p}}}}}}")).Method.ShouldBe(new AuthMethod.Token(new("t")));
        Good(Read($"clouds: {{a: {{auth: {{{Url}, token: t}}}}}}")).Method.ShouldBe(new AuthMethod.Token(new("t")));
        Good(Read($"clouds: {{a: {{auth_type: v3applicationcredential, auth: {{{Url}, application_credential_id: i, application_credential_secret: s}}}}}}"))
            .Method.ShouldBe(new AuthMethod.ApplicationCredential("i", null, null, null, null, new("s")));
        Good(Read($"clouds: {{a: {{auth: {{{Url}, application_credential_name: n, username: u, user_domain_name: d, application_credential_secret: s}}}}}}"))
            .Method.ShouldBe(new AuthMethod.ApplicationCredential(null, "n", null, "u", DomainReference.ByName("d"), new("s")));
    }

    [Theory]
    [InlineData("project_name: p, domain_name: D", "Project { Id = , Name = p, Owner = DomainReference { Id = , Name = D } }")]
    [InlineData("tenant_name: p, default_domain: d", "Project { Id = , Name = p, Owner = DomainReference { Id = d, Name =  } }")]
    [InlineData("tenant_id: i, project_name: p", "Project { Id = i, Name = , Owner =  }")]
    [InlineData("domain_id: d", "Domain { Reference = DomainReference { Id = d, Name =  } }")]
    [InlineData("trust_id: t", "Trust { TrustId = t }")]
    [InlineData("system_scope: all", "System { }")]
    [InlineData("user_id: u2", "Unscoped { }")]
    public void Scopes_are_read(string keys, string expected)
        => Good(Read($"clouds: {{a: {{auth: {{auth_url: 'http://k/', user_id: u, password: p, {keys}}}}}}}".Replace("user_id: u, password: p, user_id: u2", "user_id: u2, password: p")))
            .Scope.ToString().ShouldBe(expected);

    [Fact]
    public void Tls_interface_region_and_overrides_are_read()
    {
        string[] lines =
        [
            "endpoint_type: adminURL", "verify: false", "cacert: ~/ca.pem", "cert: /c.pem", "key: /k.pem",
            "network_endpoint_override: https://n/", "load-balancer-endpoint-override: https://o/",
        ];
        CloudCredentials credentials = Good(Read(Base.Replace("region_name: one", string.Join("\n    ", lines)), home: "/home/u"));
        credentials.Tls.ShouldBe(new TlsSettings { Insecure = true, CaFile = "/home/u/ca.pem", ClientCertificateFile = "/c.pem", ClientKeyFile = "/k.pem" });
        credentials.Interface.ShouldBe(EndpointInterface.Admin);
        credentials.EndpointOverrides.ShouldBe([new EndpointOverride("network", new("https://n/")), new EndpointOverride("load-balancer", new("https://o/"))]);
        Good(Read(Base.Replace("region_name: one", "regions: [{name: r1}, r2]"))).Region.ShouldBe("r1");
        Good(Read(Base.Replace("region_name: one", "regions: [r2]"))).Region.ShouldBe("r2");
        Good(Read(Base.Replace("region_name: one", "insecure: 'yes'"))).Tls.Insecure.ShouldBeTrue();
    }

    [Fact]
    public void Anchors_and_merge_keys_work()
        => Good(Read("""
            common: &common
              auth_url: http://k/
              user_domain_id: d
            clouds:
              a:
                auth:
                  <<: *common
                  username: u
                  password: p
            """)).AuthUrl.ShouldBe(new("http://k/"));

    [Theory]
    [InlineData("clouds: {}", null, "clouds", "names no cloud")]
    [InlineData("", null, "clouds", "names no cloud")]
    [InlineData("- a", null, "clouds", "names no cloud")]
    [InlineData("clouds: [", null, "clouds.yaml", "not valid YAML")]
    [InlineData("clouds: {a: {}, b: {}}", null, "cloud", "several clouds")]
    [InlineData("clouds: {main: {}, other: {}}", "mian", "cloud", "no such cloud")]
    [InlineData("clouds: {a: {auth: {username: u, password: p, user_domain_id: d}}}", "a", "clouds.a.auth.auth_url", "missing")]
    [InlineData("clouds: {a: {auth: {auth_url: 'ftp://x', username: u, password: p, user_domain_id: d}}}", "a", "clouds.a.auth.auth_url", "no http or https address")]
    [InlineData("clouds: {a: {auth: {auth_url: 'http://x', password: p}}}", "a", "clouds.a.auth.username", "neither username nor user_id")]
    [InlineData("clouds: {a: {auth: {auth_url: 'http://x', user_id: u}}}", "a", "clouds.a.auth.password", "missing")]
    [InlineData("clouds: {a: {auth_type: v3oidcpassword, auth: {auth_url: 'http://x'}}}", "a", "clouds.a.auth_type", "not supported")]
    [InlineData("clouds: {a: {auth_type: v3token, auth: {auth_url: 'http://x'}}}", "a", "clouds.a.auth.token", "missing")]
    [InlineData("clouds: {a: {auth: {auth_url: 'http://x', application_credential_name: n, application_credential_secret: s}}}", "a", "clouds.a.auth.user_id", "needs its user")]
    [InlineData("clouds: {a: {auth: {auth_url: 'http://x', application_credential_id: n}}}", "a", "clouds.a.auth.application_credential_secret", "missing")]
    [InlineData("clouds: {a: {interface: sideways, auth: {auth_url: 'http://x', user_id: u, password: p}}}", "a", "clouds.a.interface", "no interface")]
    [InlineData("clouds: {a: {verify: /ca.pem, auth: {auth_url: 'http://x', user_id: u, password: p}}}", "a", "clouds.a.verify", "neither true nor false")]
    [InlineData("clouds: {a: {key: /k, auth: {auth_url: 'http://x', user_id: u, password: p}}}", "a", "clouds.a.key", "without a certificate")]
    [InlineData("clouds: {a: {network_endpoint_override: here, auth: {auth_url: 'http://x', user_id: u, password: p}}}", "a", "clouds.a.network_endpoint_override", "no http or https address")]
    [InlineData("clouds: {a: {profile: vendor, auth: {user_id: u, password: p}}}", "a", "clouds.a.profile", "no clouds-public.yaml")]
    public void What_is_wrong_is_a_problem_that_names_the_field(string text, string? name, string field, string says)
    {
        CloudsYamlResult result = Read(text, name);
        result.Credentials.ShouldBeNull();
        Problem problem = result.Problems.First(p => p.Field == field);
        problem.Severity.ShouldBe(ProblemSeverity.Error);
        problem.Message.ShouldContain(says);
        problem.Fix.ShouldNotBeEmpty();
    }

    [Fact]
    public void All_problems_are_told_together_with_their_lines()
    {
        CloudsYamlResult result = Read("""
            clouds:
              a:
                interface: sideways
                auth:
                  auth_url: nowhere
                  usrname: u
            """);
        result.Problems.Where(p => p.Severity == ProblemSeverity.Error).Select(p => p.Field)
            .ShouldBe(["clouds.a.auth.auth_url", "clouds.a.auth.username", "clouds.a.auth.password", "clouds.a.interface"], ignoreOrder: true);
        Problem unknown = result.Problems.Single(p => p.Severity == ProblemSeverity.Warning);
        (unknown.Field, unknown.Fix, unknown.Line).ShouldBe(("clouds.a.auth.usrname", "Did you mean username?", 6));
        result.Problems.Single(p => p.Field == "clouds.a.interface").Line.ShouldBe(3);
    }

    [Fact]
    public void A_user_without_domain_is_of_the_default_domain_with_a_warning()
    {
        CloudsYamlResult result = Read(Base.Replace("user_domain_name: UD", "trust_id: t"));
        result.Credentials!.Method.ShouldBe(new AuthMethod.Password(null, "u", DomainReference.ById("default"), new("p")));
        result.Problems.ShouldHaveSingleItem().Severity.ShouldBe(ProblemSeverity.Warning);
    }

    [Fact]
    public void The_first_file_that_is_there_is_read_with_its_companions()
    {
        string directory = Directory.CreateTempSubdirectory("tenon-clouds-").FullName;
        try
        {
            string second = Directory.CreateDirectory(Path.Combine(directory, "second")).FullName;
            File.WriteAllText(Path.Combine(second, "clouds.yaml"), Base.Replace("password: p", "user_id: i"));
            File.WriteAllText(Path.Combine(second, "secure.yaml"), "clouds: {main: {auth: {password: q}}}");
            var problems = new List<Problem>();
            CloudsFiles files = CloudsFiles.Load([Path.Combine(directory, "clouds.yaml"), Path.Combine(second, "clouds.yaml")], problems)!;
            problems.ShouldBeEmpty();
            Good(CloudsYaml.Read(files, "main")).Method.ShouldBe(new AuthMethod.Password("i", "u", null, new("q")));
            CloudsFiles.Load([Path.Combine(directory, "none.yaml")], problems).ShouldBeNull();
            problems.ShouldHaveSingleItem().Message.ShouldContain("none.yaml");
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
