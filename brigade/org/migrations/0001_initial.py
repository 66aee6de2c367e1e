
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Person',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('police_no', models.CharField(max_length=16, unique=True, verbose_name='警号')),
                ('name', models.CharField(max_length=40, verbose_name='姓名')),
                ('kind', models.CharField(choices=[('officer', '民警'), ('auxiliary', '辅警'), ('civilian', '职工'), ('outside', '外部联络人')], default='officer', max_length=12, verbose_name='身份')),
                ('search_text', models.CharField(blank=True, editable=False, max_length=400)),
                ('phone_sealed', models.TextField(blank=True, editable=False)),
                ('phone_index', models.CharField(blank=True, db_index=True, editable=False, max_length=32)),
                ('phone_tail', models.CharField(blank=True, editable=False, max_length=4, verbose_name='手机号')),
                ('is_active', models.BooleanField(default=True, verbose_name='账号启用')),
                ('must_change_password', models.BooleanField(default=True)),
                ('password_changed_at', models.DateTimeField(null=True)),
                ('signed_in_at', models.DateTimeField(null=True, verbose_name='上次登录时间')),
                ('signed_in_from', models.CharField(blank=True, max_length=45, verbose_name='上次登录地址')),
                ('permission_epoch', models.PositiveIntegerField(default=0)),
                ('is_synthetic', models.BooleanField(default=False, verbose_name='演示人员')),
            ],
            options={
                'verbose_name': '人员',
            },
        ),
        migrations.CreateModel(
            name='SignInTry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=64, unique=True)),
                ('failures', models.PositiveSmallIntegerField(default=0)),
                ('counted_from', models.DateTimeField(db_index=True)),
                ('locked_until', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Unit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tree', models.CharField(choices=[('line', '行政序列'), ('party', '党组织'), ('hall', '服务大厅'), ('outside', '外部单位')], max_length=8, verbose_name='序列')),
                ('kind', models.CharField(choices=[('detachment', '支队'), ('brigade', '大队'), ('squadron', '中队'), ('office', '科室'), ('general_branch', '党总支'), ('party_branch', '党支部'), ('hall', '服务大厅'), ('organisation', '外部单位')], max_length=16, verbose_name='类别')),
                ('code', models.CharField(max_length=24, unique=True, verbose_name='代码')),
                ('name', models.CharField(max_length=80, verbose_name='名称')),
                ('short_name', models.CharField(max_length=24, verbose_name='简称')),
                ('path', models.CharField(db_index=True, editable=False, max_length=120)),
                ('order', models.PositiveSmallIntegerField(default=0, verbose_name='次序')),
                ('opened_on', models.DateField(verbose_name='设立日期')),
                ('closed_on', models.DateField(blank=True, null=True, verbose_name='撤销日期')),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='org.unit', verbose_name='上级')),
            ],
            options={
                'verbose_name': '单位',
            },
        ),
        migrations.CreateModel(
            name='Posting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_on', models.DateField(verbose_name='起')),
                ('ends_on', models.DateField(blank=True, null=True, verbose_name='止')),
                ('title', models.CharField(blank=True, max_length=40, verbose_name='职务')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='postings', to=settings.AUTH_USER_MODEL, verbose_name='人员')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='postings', to='org.unit', verbose_name='单位')),
            ],
            options={
                'verbose_name': '任职',
            },
        ),
        migrations.CreateModel(
            name='Grant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_on', models.DateField(verbose_name='起')),
                ('ends_on', models.DateField(blank=True, null=True, verbose_name='止')),
                ('role', models.CharField(choices=[('officer', '民警'), ('auxiliary', '辅警'), ('clerk', '内勤'), ('business_admin', '业务管理员'), ('squadron_leader', '中队长'), ('deputy_leader', '分管副大队长'), ('brigade_leader', '大队长'), ('political_officer', '教导员'), ('discipline', '纪检'), ('inspector', '督察'), ('member', '党员'), ('recorder', '记录员'), ('group_leader', '党小组长'), ('branch_secretary', '支部书记'), ('party_office', '党建办'), ('general_secretary', '党总支书记'), ('window_guide', '导办'), ('window_clerk', '窗口岗'), ('window_lead', '值班长'), ('service_reviewer', '审核岗'), ('hall_head', '车管所所长'), ('system_admin', '系统管理员'), ('security_admin', '安全管理员'), ('audit_admin', '审计管理员')], max_length=20, verbose_name='角色')),
                ('granted_by', models.CharField(max_length=60, verbose_name='授权人')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='事由')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='grants', to=settings.AUTH_USER_MODEL, verbose_name='人员')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='grants', to='org.unit', verbose_name='单位')),
            ],
            options={
                'verbose_name': '授权',
            },
        ),
        migrations.CreateModel(
            name='UnitPlacement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('path', models.CharField(max_length=120)),
                ('starts_on', models.DateField()),
                ('ends_on', models.DateField(null=True)),
                ('parent', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='org.unit')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='placements', to='org.unit')),
            ],
        ),
        migrations.CreateModel(
            name='PasswordHistory',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128)),
                ('changed_at', models.DateTimeField()),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='password_history', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['person', '-changed_at'], name='org_passwor_person__5e524c_idx')],
            },
        ),
        migrations.AddConstraint(
            model_name='unit',
            constraint=models.CheckConstraint(condition=models.Q(('closed_on__isnull', True), ('closed_on__gt', models.F('opened_on')), _connector='OR'), name='unit_closes_after_opening'),
        ),
        migrations.AddConstraint(
            model_name='posting',
            constraint=models.UniqueConstraint(condition=models.Q(('ends_on__isnull', True)), fields=('person',), name='person_works_in_one_place'),
        ),
        migrations.AddConstraint(
            model_name='posting',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on__isnull', True), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='posting_ends_after_start'),
        ),
        migrations.AddIndex(
            model_name='grant',
            index=models.Index(fields=['unit', 'role'], name='org_grant_unit_id_e19803_idx'),
        ),
        migrations.AddConstraint(
            model_name='grant',
            constraint=models.UniqueConstraint(condition=models.Q(('ends_on__isnull', True)), fields=('person', 'role', 'unit'), name='grant_held_once'),
        ),
        migrations.AddConstraint(
            model_name='grant',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on__isnull', True), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='grant_ends_after_start'),
        ),
        migrations.AddIndex(
            model_name='unitplacement',
            index=models.Index(fields=['path', 'starts_on'], name='org_unitpla_path_ec96a5_idx'),
        ),
        migrations.AddConstraint(
            model_name='unitplacement',
            constraint=models.UniqueConstraint(condition=models.Q(('ends_on__isnull', True)), fields=('unit',), name='unit_stands_in_one_place'),
        ),
    ]
